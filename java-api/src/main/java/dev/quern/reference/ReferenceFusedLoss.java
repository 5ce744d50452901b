package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossEpilogue;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossSums;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A fused loss in plain loops with double sums. */
final class ReferenceFusedLoss implements FusedLossPlan {
  private final FusedLossSpec spec;
  private final LossEpilogue epilogue;

  ReferenceFusedLoss(FusedLossSpec spec) {
    this.spec = spec;
    this.epilogue = new LossEpilogue(spec);
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return 1;
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    Run run = new Run(operands);
    float result = run.pass1(0, counts == null ? null : HostBuffer.segment(counts));
    run.report(fault);
    HostBuffer.segment(value).setAtIndex(JAVA_FLOAT_UNALIGNED, 0, result);
  }

  @Override
  public void forwardBackward(
      LossOperands operands,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    float factor = HostBuffer.segment(upstream).getAtIndex(JAVA_FLOAT_UNALIGNED, 0);
    Run run = new Run(operands);
    float result = run.pass1(factor, counts == null ? null : HostBuffer.segment(counts));
    run.report(fault);
    run.pass2(HostBuffer.segment(gradient));
    HostBuffer.segment(value).setAtIndex(JAVA_FLOAT_UNALIGNED, 0, result);
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    Run run = new Run(operands);
    run.losses(HostBuffer.segment(losses));
    run.report(fault);
  }

  /** One call. */
  final class Run {
    private final MemorySegment x;
    private final LossExtent extent;
    private final LossTarget target;
    private final @Nullable MemorySegment weight;
    private final float[] bcePositive = LossScalars.of(spec).bcePositive();
    private final int images;
    private final double[] sums;
    private final float[] coefficients;

    Run(LossOperands operands) {
      this(
          HostBuffer.segment(operands.logits()),
          HostBuffer.segment(operands.target()),
          operands.weight() == null ? null : HostBuffer.segment(operands.weight()),
          operands.extent());
    }

    Run(MemorySegment x, MemorySegment target, @Nullable MemorySegment weight, LossExtent extent) {
      this.x = x;
      this.extent = extent;
      this.target = new LossTarget(spec, target);
      this.weight = weight;
      this.images = spec.perImage() ? Math.toIntExact(extent.images()) : 1;
      int segments = Math.multiplyExact(images, spec.classes());
      this.sums = new double[segments * LossSums.COUNT];
      this.coefficients = new float[segments * LossCoefficients.COUNT];
    }

    long fault() {
      return target.firstFault();
    }

    void report(Span fault) {
      MemorySegment word = HostBuffer.segment(fault);
      word.setAtIndex(
          JAVA_LONG_UNALIGNED, 0, Math.min(fault(), word.getAtIndex(JAVA_LONG_UNALIGNED, 0)));
    }

    float pass1(float upstream, @Nullable MemorySegment counts) {
      if (spec.layout() == Layout.ELEMENTS) {
        elementSums(counts);
      } else {
        pixelSums();
      }
      return epilogue.apply(sums, images, extent.elements(), upstream, coefficients);
    }

    /** The record of an image and class, counted from its segment's. */
    private int segment(long image, int c) {
      return (spec.perImage() ? (int) image : 0) * spec.classes() + c;
    }

    private void elementSums(@Nullable MemorySegment counts) {
      ElementLoss loss = new ElementLoss(spec);
      Float cut = spec.countCut();
      for (ElementBlock block = firstBlock(); block.next(); ) {
        int at = segment(block.image(), block.c()) * LossSums.COUNT;
        for (int j = 0; j < block.length(); j++) {
          float t = block.t[j];
          if (target.isIgnored(t)) {
            continue;
          }
          sums[at + LossSums.VALID]++;
          if (target.isFaulty(t, block.start() + j)) {
            continue;
          }
          float input = block.x[j];
          loss.add(input, t, block.w[j], bcePositive[block.c()], sums, at);
          if (cut != null && counts != null) {
            // a soft target counts as positive from 1/2 on
            int slot = (t >= 0.5f ? 2 : 0) + (input >= cut ? 1 : 0);
            counts.setAtIndex(
                JAVA_LONG_UNALIGNED, slot, counts.getAtIndex(JAVA_LONG_UNALIGNED, slot) + 1);
          }
        }
      }
    }

    private ElementBlock firstBlock() {
      return new ElementBlock(x, target, weight, extent, spec.classes());
    }

    private float weight(long i) {
      return weight == null ? 1 : weight.getAtIndex(JAVA_FLOAT_UNALIGNED, i);
    }

    private void pixelSums() {
      ClassLoss loss = new ClassLoss(spec);
      int classes = spec.classes();
      for (long i = 0; i < extent.labels(); i++) {
        long image = i / extent.pixels();
        long first = first(i);
        int at = segment(image, 0) * LossSums.COUNT;
        float label = target.value(spec.layout() == Layout.LABELS ? i : first);
        if (target.isIgnored(label)) {
          continue;
        }
        for (int c = 0; c < classes; c++) {
          sums[at + c * LossSums.COUNT + LossSums.VALID]++;
        }
        boolean faulty = target.isFaulty(label, i);
        loss.addWeight(spec.layout() == Layout.ONE_HOT || faulty ? -1 : (int) label, sums, at);
        if (faulty) {
          continue;
        }
        read(loss, first);
        for (int c = 0; c < classes; c++) {
          loss.add(c, share(label, first, c), sums, at);
        }
      }
    }

    private void read(ClassLoss loss, long first) {
      for (int c = 0; c < spec.classes(); c++) {
        loss.input(c, x.getAtIndex(JAVA_FLOAT_UNALIGNED, first + c * extent.pixels()));
      }
      loss.pixel();
    }

    /** Where class 0 of a pixel is. */
    private long first(long pixel) {
      long image = pixel / extent.pixels();
      return image * spec.classes() * extent.pixels() + pixel % extent.pixels();
    }

    private float share(float label, long first, int c) {
      return spec.layout() == Layout.LABELS
          ? (label == c ? 1 : 0)
          : target.value(first + c * extent.pixels());
    }

    void pass2(MemorySegment gradient) {
      if (spec.layout() == Layout.ELEMENTS) {
        elementGradient(gradient);
      } else {
        pixelGradient(gradient);
      }
    }

    private void elementGradient(MemorySegment gradient) {
      ElementLoss loss = new ElementLoss(spec);
      float[] g = new float[ElementBlock.SIZE];
      for (ElementBlock block = firstBlock(); block.next(); ) {
        int at = segment(block.image(), block.c()) * LossCoefficients.COUNT;
        for (int j = 0; j < block.length(); j++) {
          float t = block.t[j];
          boolean counts = !target.isIgnored(t) && !target.isFaulty(t, block.start() + j);
          g[j] =
              counts
                  ? loss.gradient(
                      block.x[j], t, block.w[j], bcePositive[block.c()], coefficients, at)
                  : 0;
        }
        MemorySegment.copy(
            g, 0, gradient, JAVA_FLOAT_UNALIGNED, block.start() * Float.BYTES, block.length());
      }
    }

    private void pixelGradient(MemorySegment gradient) {
      ClassLoss loss = new ClassLoss(spec);
      int classes = spec.classes();
      for (long i = 0; i < extent.labels(); i++) {
        long image = i / extent.pixels();
        long first = first(i);
        int at = segment(image, 0) * LossCoefficients.COUNT;
        float label = target.value(spec.layout() == Layout.LABELS ? i : first);
        boolean counted = !target.isIgnored(label) && !target.isFaulty(label, i);
        if (counted) {
          read(loss, first);
          loss.anchor(share(label, first, loss.first()), coefficients, at);
          for (int c = 0; c < classes; c++) {
            loss.slope(c, share(label, first, c), coefficients, at);
          }
        }
        // shares are read before the gradient, which may lie where the logits are
        for (int c = 0; c < classes; c++) {
          float g = counted ? loss.gradient(c, share(label, first, c), coefficients, at) : 0;
          gradient.setAtIndex(JAVA_FLOAT_UNALIGNED, first + c * extent.pixels(), g);
        }
      }
    }

    void losses(MemorySegment out) {
      double[] own = new double[spec.classes() * LossSums.COUNT];
      ElementLoss element = new ElementLoss(spec);
      ClassLoss pixel = new ClassLoss(spec);
      boolean elements = spec.layout() == Layout.ELEMENTS;
      for (long i = 0; i < (elements ? extent.elements() : extent.labels()); i++) {
        java.util.Arrays.fill(own, 0);
        float t = target.value(spec.layout() == Layout.ONE_HOT ? first(i) : i);
        if (!target.isIgnored(t) && !target.isFaulty(t, i)) {
          if (elements) {
            int c = (int) (i / extent.pixels() % spec.classes());
            element.add(
                x.getAtIndex(JAVA_FLOAT_UNALIGNED, i), t, weight(i), bcePositive[c], own, 0);
          } else {
            long first = first(i);
            read(pixel, first);
            for (int c = 0; c < spec.classes(); c++) {
              pixel.add(c, share(t, first, c), own, 0);
            }
          }
        }
        double loss =
            own[LossSums.BCE]
                + own[LossSums.FOCAL]
                + own[LossSums.CROSS_ENTROPY]
                + own[LossSums.SOFTMAX_FOCAL];
        out.setAtIndex(JAVA_FLOAT_UNALIGNED, i, (float) (spec.terms().getFirst().weight() * loss));
      }
    }
  }
}
