package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.GradientControl;
import dev.quern.spi.optim.GradientRule;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.OutsideTensors;
import dev.quern.spi.optim.SegmentTable;
import dev.quern.spi.optim.SgdCoefficients;
import dev.quern.spi.optim.SgdGroup;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Optimizer steps and the gradient norm, segment by segment. */
final class ReferenceOptimizerKernels implements OptimizerKernels {
  @Override
  public long scratchBytes(OptimizerArena arena) {
    return 1;
  }

  /** Segments are found by their spans; the table is not looked at. */
  @Override
  public MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
    return MemorySegment.ofArray(new byte[OutsideTensors.POINTER_BYTES * parameters.size()]);
  }

  @Override
  public void gradientNorm(
      OptimizerArena arena, @Nullable LossScale lossScale, Span rule, Span control, Span scratch) {
    SegmentTable segments = new SegmentTable(HostBuffer.segment(arena.segments()));
    double squares = 0;
    boolean finite = true;
    for (int s = 0; s < arena.segmentCount(); s++) {
      if (!segments.active(s)) {
        continue;
      }
      MemorySegment gradients = new Part(arena, segments, s).gradients();
      for (long i = 0; i < segments.length(s); i++) {
        float g = gradients.getAtIndex(JAVA_FLOAT, i);
        finite &= Float.isFinite(g);
        squares += (double) g * g;
      }
    }
    float scale = lossScale == null ? 1 : HostBuffer.segment(lossScale.scale()).get(JAVA_FLOAT, 0);
    GradientRule gradientRule = GradientRule.read(HostBuffer.segment(rule));
    new GradientControl(HostBuffer.segment(control))
        .write(squares, scale, gradientRule.maxNorm(), finite);
    if (lossScale != null) {
      lossScale.advance(gradientRule, finite);
    }
  }

  @Override
  public void adam(OptimizerArena arena, AdamState state, Span control) {
    MemorySegment groups = HostBuffer.segment(arena.groups());
    step(
        arena,
        control,
        (part, words) -> {
          AdamGroup group = AdamGroup.read(groups, part.group());
          AdamCoefficients c =
              AdamCoefficients.of(group, part.step(), words.unit(), words.factor());
          if (part.active()) {
            OptimizerStep.adam(
                c,
                part.parameters(),
                part.gradients(),
                part.of(state.expAvg()),
                part.of(state.expAvgSq()),
                part.orNull(state.maxExpAvgSq()),
                0,
                part.length());
          }
          return c.emaWeight();
        });
  }

  @Override
  public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    MemorySegment groups = HostBuffer.segment(arena.groups());
    step(
        arena,
        control,
        (part, words) -> {
          SgdGroup group = SgdGroup.read(groups, part.group());
          SgdCoefficients c =
              SgdCoefficients.of(group, part.buffered(), words.unit(), words.factor());
          if (part.active()) {
            OptimizerStep.sgd(
                c,
                part.parameters(),
                part.gradients(),
                part.orNull(momentumBuffer),
                0,
                part.length());
            part.setBuffered(part.buffered() || c.has(OptimizerFlags.MOMENTUM));
          }
          return c.emaWeight();
        });
  }

  /** The memory of one segment. */
  private record Part(OptimizerArena arena, SegmentTable segments, int segment) {
    long length() {
      return segments.length(segment);
    }

    int group() {
      return segments.group(segment);
    }

    long step() {
      return segments.step(segment);
    }

    boolean active() {
      return segments.active(segment);
    }

    boolean buffered() {
      return segments.buffered(segment);
    }

    void setBuffered(boolean buffered) {
      segments.setBuffered(segment, buffered);
    }

    MemorySegment of(Span span) {
      return HostBuffer.segment(span)
          .asSlice(4 * segments.offset(segment), 4 * segments.length(segment));
    }

    @Nullable MemorySegment orNull(@Nullable Span span) {
      return span == null ? null : of(span);
    }

    MemorySegment parameters() {
      OutsideTensors outside = arena.outside();
      return outside == null
          ? of(arena.parameters())
          : HostBuffer.segment(outside.parameters().get(segment));
    }

    MemorySegment gradients() {
      OutsideTensors outside = arena.outside();
      return outside == null
          ? of(arena.gradients())
          : HostBuffer.segment(outside.gradients().get(segment));
    }
  }

  /** What one optimizer does to one segment; returns the weight of the moving average. */
  private interface SegmentStep {
    float take(Part part, GradientControl words);
  }

  private static void step(OptimizerArena arena, Span controlSpan, SegmentStep segmentStep) {
    GradientControl control = new GradientControl(HostBuffer.segment(controlSpan));
    if (!control.finite()) {
      return;
    }
    SegmentTable segments = new SegmentTable(HostBuffer.segment(arena.segments()));
    for (int s = 0; s < arena.segmentCount(); s++) {
      Part part = new Part(arena, segments, s);
      float weight = segmentStep.take(part, control);
      MemorySegment ema = part.orNull(arena.ema());
      if (ema != null) {
        OptimizerStep.movingAverage(weight, part.parameters(), ema, 0, part.length());
      }
    }
    segments.advance(arena.segmentCount());
  }
}
