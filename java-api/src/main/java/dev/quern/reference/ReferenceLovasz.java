package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszTerms;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A Lovasz loss in plain loops: one list after the other is sorted and walked, in double. */
final class ReferenceLovasz implements LovaszPlan {
  private static final int IGNORED = -1;

  private final LovaszSpec spec;
  private final boolean hinge;
  private final boolean softmax;

  ReferenceLovasz(LovaszSpec spec) {
    this.spec = spec;
    this.hinge = spec.kind() == LovaszSpec.Kind.HINGE;
    this.softmax = !hinge && spec.input() == LossInput.LOGITS;
  }

  @Override
  public LovaszSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    spec.listLength(extent);
    return 1;
  }

  @Override
  public void forward(
      Span logits, Span target, LossExtent extent, Span value, Span fault, Span scratch) {
    run(logits, target, extent, 0, value, null, fault);
  }

  @Override
  public void forwardBackward(
      Span logits,
      Span target,
      LossExtent extent,
      Span upstream,
      Span value,
      Span gradient,
      Span fault,
      Span scratch) {
    float factor = HostBuffer.segment(upstream).get(JAVA_FLOAT, 0);
    run(logits, target, extent, factor, value, HostBuffer.segment(gradient), fault);
  }

  private void run(
      Span logits,
      Span target,
      LossExtent extent,
      float upstream,
      Span value,
      @Nullable MemorySegment gradient,
      Span fault) {
    MemorySegment x = HostBuffer.segment(logits);
    ArrayKernels.Result result = run(x, HostBuffer.segment(target), extent, upstream, gradient);
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result.value());
    MemorySegment word = HostBuffer.segment(fault);
    word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), result.fault()));
  }

  /** Computes the value and, if asked, the gradient; memory may be of any kind. */
  ArrayKernels.Result run(
      MemorySegment x,
      MemorySegment target,
      LossExtent batch,
      float upstream,
      @Nullable MemorySegment gradient) {
    // for the hinge the channels of an image are one long channel
    LossExtent extent =
        hinge ? new LossExtent(batch.images(), 1, batch.classes() * batch.pixels()) : batch;
    int n = (int) spec.listLength(batch);
    long groups = spec.groups(batch);
    if (gradient != null) {
      gradient.fill((byte) 0);
    }
    double sum = 0;
    long fault = Long.MAX_VALUE;
    for (long group = 0; group < groups; group++) {
      Group lists = new Group(x, target, extent, group * n, n, gradient);
      sum += lists.run(upstream / (double) groups);
      fault = Math.min(fault, lists.fault);
    }
    return new ArrayKernels.Result((float) (sum / Math.max(1, groups)), fault);
  }

  /** The lists of an image, or of the batch as one image: one per class, one for the hinge. */
  private final class Group {
    private final MemorySegment x;
    private final LossExtent extent;
    private final long first;
    private final int[] labels;
    private final @Nullable MemorySegment gradient;
    private final float[] greatest;
    private final float[] rest;
    private final long[] order;
    long fault = Long.MAX_VALUE;

    Group(
        MemorySegment x,
        MemorySegment target,
        LossExtent extent,
        long first,
        int n,
        @Nullable MemorySegment gradient) {
      this.x = x;
      this.extent = extent;
      this.first = first;
      this.gradient = gradient;
      this.labels = labels(target, n);
      this.greatest = new float[softmax ? n : 0];
      this.rest = new float[softmax ? n : 0];
      this.order = new long[n];
    }

    private int[] labels(MemorySegment target, int n) {
      int[] valid = new int[n];
      int classes = hinge ? 2 : extent.classes();
      Integer ignoreIndex = spec.ignoreIndex();
      for (int i = 0; i < n; i++) {
        double label = ReferenceConfusionKernels.label(target, spec.targetDtype(), first + i);
        boolean ignored = ignoreIndex != null && label == ignoreIndex;
        boolean right = label >= 0 && label < classes && label == Math.rint(label);
        valid[i] = right && !ignored ? (int) label : IGNORED;
        if (!right && !ignored) {
          fault = Math.min(fault, first + i);
        }
      }
      return valid;
    }

    /** Returns the group's loss and writes its gradient. */
    double run(double factor) {
      if (softmax) {
        normalize();
      }
      boolean[] averaged = new boolean[extent.classes()];
      int count = 0;
      for (int c = 0; c < averaged.length; c++) {
        averaged[c] = hinge || spec.averages(c, isPresent(c));
        count += averaged[c] ? 1 : 0;
      }
      double sum = 0;
      for (int c = 0; c < averaged.length; c++) {
        if (averaged[c]) {
          sum += list(c, factor / count);
        }
      }
      if (softmax && gradient != null) {
        throughSoftmax(gradient);
      }
      return sum / Math.max(1, count);
    }

    private boolean isPresent(int c) {
      return Arrays.stream(labels).anyMatch(label -> label == c);
    }

    /** Where the logit of a class and a pixel of this group is. */
    private long at(int c, int i) {
      long pixel = first + i;
      long image = pixel / extent.pixels();
      return 4 * ((image * extent.classes() + c) * extent.pixels() + pixel % extent.pixels());
    }

    private float logit(int c, int i) {
      return x.get(JAVA_FLOAT_UNALIGNED, at(c, i));
    }

    private void normalize() {
      for (int i = 0; i < labels.length; i++) {
        greatest[i] = logit(0, i);
        for (int c = 1; c < extent.classes(); c++) {
          float other = logit(c, i);
          greatest[i] = other > greatest[i] ? other : greatest[i];
        }
        // all but the greatest
        float most = 0;
        for (int c = 0; c < extent.classes(); c++) {
          float e = exponential(c, i);
          rest[i] += e > most ? most : e;
          most = e > most ? e : most;
        }
      }
    }

    private float exponential(int c, int i) {
      float x = logit(c, i);
      // an infinite logit has no difference from itself
      return x == greatest[i] ? 1 : FloatMath.exp(x - greatest[i]);
    }

    private float probability(int c, int i) {
      return LovaszTerms.softmaxError(exponential(c, i), rest[i], false);
    }

    private boolean isForeground(int c, int i) {
      return labels[i] == (hinge ? 1 : c);
    }

    private float error(int c, int i) {
      if (hinge) {
        return LovaszTerms.hingeError(logit(c, i), isForeground(c, i));
      }
      return softmax
          ? LovaszTerms.softmaxError(exponential(c, i), rest[i], isForeground(c, i))
          : Math.abs(shortfall(c, i));
    }

    /** f - p of probabilities. */
    private float shortfall(int c, int i) {
      return (isForeground(c, i) ? 1.0f : 0.0f) - logit(c, i);
    }

    /** How the error grows with the logit of the hinge or the probability of the softmax. */
    private float slope(int c, int i) {
      if (Float.isNaN(error(c, i))) {
        return Float.NaN;
      }
      if (!hinge && !softmax) {
        return -Math.signum(shortfall(c, i));
      }
      return isForeground(c, i) ? -1 : 1;
    }

    /** The loss of one list; leaves its derivative by the logits or the probabilities. */
    private double list(int c, double factor) {
      double foreground = 0;
      int sorted = 0;
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] != IGNORED) {
          foreground += isForeground(c, i) ? 1 : 0;
          float error = error(c, i);
          if (!(error <= 0)) {
            order[sorted] = (long) LovaszTerms.key(error) << 32 | i;
            sorted++;
          }
        }
      }
      Arrays.sort(order, 0, sorted);
      double intersection = foreground;
      double union = foreground;
      double sum = 0;
      for (int k = 0; k < sorted; k++) {
        int i = (int) order[k];
        boolean positive = isForeground(c, i);
        double step = LovaszTerms.jaccardStep(positive, intersection, union);
        intersection -= positive ? 1 : 0;
        union += positive ? 0 : 1;
        sum += LovaszTerms.share(error(c, i), step);
        if (gradient != null) {
          gradient.set(JAVA_FLOAT_UNALIGNED, at(c, i), (float) (slope(c, i) * step * factor));
        }
      }
      return sum;
    }

    /** Turns derivatives by probabilities into those by logits. */
    private void throughSoftmax(MemorySegment derivative) {
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] == IGNORED) {
          continue;
        }
        int likeliest = 0;
        while (likeliest < extent.classes() - 1 && logit(likeliest, i) != greatest[i]) {
          likeliest++;
        }
        double base = derivative.get(JAVA_FLOAT_UNALIGNED, at(likeliest, i));
        double mean = 0;
        for (int c = 0; c < extent.classes(); c++) {
          mean += (derivative.get(JAVA_FLOAT_UNALIGNED, at(c, i)) - base) * probability(c, i);
        }
        for (int c = 0; c < extent.classes(); c++) {
          double relative = derivative.get(JAVA_FLOAT_UNALIGNED, at(c, i)) - base;
          derivative.set(
              JAVA_FLOAT_UNALIGNED, at(c, i), (float) (probability(c, i) * (relative - mean)));
        }
      }
    }
  }
}
