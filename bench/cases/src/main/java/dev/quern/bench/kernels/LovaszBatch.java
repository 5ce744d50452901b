package dev.quern.bench.kernels;

import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** What the logits and labels of a Lovasz case look like; seeded by the number of logits. */
public final class LovaszBatch {

  private final LossExtent extent;
  private String what = "";
  private double scale = 3;
  private double positive = 0.3;
  private double ignored;
  private boolean uneven;
  private boolean oneValid;
  private int absent;
  private boolean faulty;
  private boolean nanWhereIgnored;
  private double step;
  private boolean trained;
  private int[] nan = {};

  private LovaszBatch(LossExtent extent) {
    this.extent = extent;
  }

  public static LovaszBatch of(int images, int classes, int pixels) {
    return new LovaszBatch(new LossExtent(images, classes, pixels));
  }

  private LovaszBatch with(String text, Consumer<LovaszBatch> change) {
    var copy = new LovaszBatch(extent);
    copy.what = what + " " + text;
    copy.scale = scale;
    copy.positive = positive;
    copy.ignored = ignored;
    copy.uneven = uneven;
    copy.oneValid = oneValid;
    copy.absent = absent;
    copy.faulty = faulty;
    copy.nanWhereIgnored = nanWhereIgnored;
    copy.step = step;
    copy.trained = trained;
    copy.nan = nan;
    change.accept(copy);
    return copy;
  }

  /** Logits are uniform in plus and minus this. */
  public LovaszBatch scale(double value) {
    return with("logits " + value, b -> b.scale = value);
  }

  /** The share of label 1 of the hinge. */
  public LovaszBatch positive(double share) {
    return with("positive " + share, b -> b.positive = share);
  }

  /** The share of ignored labels. */
  public LovaszBatch ignored(double share) {
    return with("ignored " + share, b -> b.ignored = share);
  }

  /** The share of ignored labels grows with the image from 0 to 1. */
  public LovaszBatch uneven() {
    return with("ignored unevenly", b -> b.uneven = true);
  }

  /** One label alone is valid. */
  public LovaszBatch oneValid() {
    return with("one valid", b -> b.oneValid = true);
  }

  /** The last classes label nothing. */
  public LovaszBatch absent(int classes) {
    return with("absent " + classes, b -> b.absent = classes);
  }

  /** Some labels are out of range. */
  public LovaszBatch faulty() {
    return with("faulty", b -> b.faulty = true);
  }

  /** Logits of ignored pixels are not finite. */
  public LovaszBatch nanWhereIgnored() {
    return with("NaN where ignored", b -> b.nanWhereIgnored = true);
  }

  /** Logits are multiples of this. */
  public LovaszBatch step(double value) {
    return with("steps of " + value, b -> b.step = value);
  }

  /** Logits are mostly on the label's side. */
  public LovaszBatch trained() {
    return with("trained", b -> b.trained = true);
  }

  /** These logits are NaN. */
  public LovaszBatch nanAt(int... indices) {
    return with("NaN at " + Arrays.toString(indices), b -> b.nan = indices);
  }

  public LossExtent extent() {
    return extent;
  }

  public int labelCount(LovaszSpec spec) {
    return Math.toIntExact(spec.kind() == Kind.HINGE ? extent.elements() : extent.labels());
  }

  /** One label a logit or pixel; {@link Inputs#IGNORED} and, if asked, faulty ones among them. */
  private int[] labels(LovaszSpec spec) {
    boolean hinge = spec.kind() == Kind.HINGE;
    int n = labelCount(spec);
    var random = new SplittableRandom(n + 1L);
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      long image = i / Math.max(1, n / extent.images());
      double share = uneven ? image / Math.max(1.0, extent.images() - 1.0) : ignored;
      double draw = random.nextDouble();
      labels[i] = hinge ? (draw < positive ? 1 : 0) : (int) (draw * (extent.classes() - absent));
      if (random.nextDouble() < share || (oneValid && i != n / 2)) {
        labels[i] = Inputs.IGNORED;
      }
      if (faulty && i % 97 == 50) {
        labels[i] = i % 2 == 0 ? extent.classes() + 1 : 200;
      }
    }
    return labels;
  }

  public HostArray target(LovaszSpec spec) {
    int[] labels = labels(spec);
    int n = labels.length;
    return switch (spec.targetDtype()) {
      case U8 -> {
        byte[] bytes = new byte[n];
        for (int i = 0; i < n; i++) {
          bytes[i] = (byte) labels[i];
        }
        yield HostArray.of(bytes);
      }
      case I32 -> {
        for (int i = 0; i < n; i++) {
          labels[i] = labels[i] == 200 ? -1 : labels[i];
        }
        yield HostArray.of(labels);
      }
      case I64 -> {
        long[] longs = new long[n];
        for (int i = 0; i < n; i++) {
          // its lower half is a valid label
          longs[i] = labels[i] == 200 ? (1L << 32) + 1 : labels[i];
        }
        yield HostArray.of(longs);
      }
      default -> {
        float[] floats = new float[n];
        for (int i = 0; i < n; i++) {
          floats[i] = labels[i] == 200 ? (i % 3 == 0 ? Float.NaN : 0.5f) : labels[i];
        }
        yield HostArray.of(floats);
      }
    };
  }

  public HostArray logits(LovaszSpec spec) {
    boolean hinge = spec.kind() == Kind.HINGE;
    int n = Math.toIntExact(extent.elements());
    int pixels = Math.toIntExact(extent.pixels());
    int classes = extent.classes();
    int[] labels = labels(spec);
    boolean probabilities = !hinge && spec.input() == LossInput.PROBABILITIES;
    float[] logits = probabilities ? Inputs.unit(n, n) : Inputs.uniform(n, scale, n);
    for (int i = 0; i < n; i++) {
      int label = labels[hinge ? i : i / pixels / classes * pixels + i % pixels];
      if (trained) {
        double side = label == (hinge ? 1 : i / pixels % classes) ? 2.5 : -2.5;
        logits[i] =
            probabilities ? (logits[i] + (side > 0 ? 9 : 0)) / 10 : logits[i] + (float) side;
      }
      if (step > 0) {
        logits[i] = (float) (Math.rint(logits[i] / step) * step);
      }
      if (nanWhereIgnored && label == Inputs.IGNORED) {
        logits[i] = i % 3 == 0 ? Float.NEGATIVE_INFINITY : Float.NaN;
      }
    }
    for (int i : nan) {
      logits[i] = Float.NaN;
    }
    return HostArray.of(logits);
  }

  @Override
  public String toString() {
    return extent.images() + " x " + extent.classes() + " x " + extent.pixels() + what;
  }
}
