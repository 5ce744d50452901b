package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.AdamGroup;
import dev.quern.spi.AdamState;
import dev.quern.spi.GradientControl;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.OptimizerArena;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.SegmentTable;
import dev.quern.spi.SgdCoefficients;
import dev.quern.spi.SgdGroup;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Optimizer steps and the gradient norm, segment by segment. */
final class ReferenceOptimizerKernels implements OptimizerKernels {
  @Override
  public long scratchBytes(OptimizerArena arena) {
    return 1;
  }

  @Override
  public void gradientNorm(
      OptimizerArena arena, @Nullable Span lossScale, float maxNorm, Span control, Span scratch) {
    MemorySegment gradients = HostBuffer.segment(arena.gradients());
    SegmentTable segments = new SegmentTable(HostBuffer.segment(arena.segments()));
    double squares = 0;
    boolean finite = true;
    for (int s = 0; s < arena.segmentCount(); s++) {
      if (!segments.active(s)) {
        continue;
      }
      long first = segments.offset(s);
      for (long i = first; i < first + segments.length(s); i++) {
        float g = gradients.getAtIndex(JAVA_FLOAT, i);
        finite &= Float.isFinite(g);
        squares += (double) g * g;
      }
    }
    float scale = lossScale == null ? 1 : HostBuffer.segment(lossScale).get(JAVA_FLOAT, 0);
    new GradientControl(HostBuffer.segment(control)).write(squares, scale, maxNorm, finite);
  }

  @Override
  public void adam(OptimizerArena arena, AdamState state, Span control) {
    MemorySegment groups = HostBuffer.segment(arena.groups());
    MemorySegment parameters = HostBuffer.segment(arena.parameters());
    MemorySegment gradients = HostBuffer.segment(arena.gradients());
    MemorySegment expAvg = HostBuffer.segment(state.expAvg());
    MemorySegment expAvgSq = HostBuffer.segment(state.expAvgSq());
    MemorySegment max = orNull(state.maxExpAvgSq());
    step(
        arena,
        control,
        (group, step, factor, active, first, end) -> {
          AdamCoefficients c = AdamCoefficients.of(AdamGroup.read(groups, group), step, factor);
          if (active) {
            OptimizerStep.adam(c, parameters, gradients, expAvg, expAvgSq, max, first, end);
          }
          return c.emaWeight();
        });
  }

  @Override
  public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    MemorySegment groups = HostBuffer.segment(arena.groups());
    MemorySegment parameters = HostBuffer.segment(arena.parameters());
    MemorySegment gradients = HostBuffer.segment(arena.gradients());
    MemorySegment buffer = orNull(momentumBuffer);
    step(
        arena,
        control,
        (group, step, factor, active, first, end) -> {
          SgdCoefficients c = SgdCoefficients.of(SgdGroup.read(groups, group), step, factor);
          if (active) {
            OptimizerStep.sgd(c, parameters, gradients, buffer, first, end);
          }
          return c.emaWeight();
        });
  }

  /** What one optimizer does to one segment; returns the weight of the moving average. */
  private interface SegmentStep {
    float take(int group, long step, float factor, boolean active, long first, long end);
  }

  private static void step(OptimizerArena arena, Span controlSpan, SegmentStep segmentStep) {
    GradientControl control = new GradientControl(HostBuffer.segment(controlSpan));
    if (!control.finite()) {
      return;
    }
    SegmentTable segments = new SegmentTable(HostBuffer.segment(arena.segments()));
    MemorySegment parameters = HostBuffer.segment(arena.parameters());
    MemorySegment ema = orNull(arena.ema());
    for (int s = 0; s < arena.segmentCount(); s++) {
      long first = segments.offset(s);
      long end = first + segments.length(s);
      float weight =
          segmentStep.take(
              segments.group(s),
              segments.step(s),
              control.factor(),
              segments.active(s),
              first,
              end);
      if (ema != null) {
        OptimizerStep.movingAverage(weight, parameters, ema, first, end);
      }
    }
    segments.advance(arena.segmentCount());
  }

  private static @Nullable MemorySegment orNull(@Nullable Span span) {
    return span == null ? null : HostBuffer.segment(span);
  }
}
