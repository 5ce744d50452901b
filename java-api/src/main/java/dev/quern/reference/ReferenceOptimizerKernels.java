package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.AdamArena;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.AdamTables;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** The Adam step and the gradient norm, segment by segment. */
final class ReferenceOptimizerKernels implements OptimizerKernels {
  @Override
  public long scratchBytes(AdamArena arena) {
    return 1;
  }

  @Override
  public void gradientNorm(AdamArena arena, float maxNorm, Span control, Span scratch) {
    MemorySegment gradients = HostBuffer.segment(arena.gradients());
    AdamTables.Segments segments = AdamTables.segments(HostBuffer.segment(arena.segments()));
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
    AdamTables.writeControl(HostBuffer.segment(control), squares, maxNorm, finite);
  }

  @Override
  public void adam(AdamArena arena, Span control) {
    MemorySegment controlWords = HostBuffer.segment(control);
    if (controlWords.getAtIndex(JAVA_FLOAT, 2) == 0) {
      return;
    }
    float clip = controlWords.getAtIndex(JAVA_FLOAT, 1);
    AdamTables.Segments segments = AdamTables.segments(HostBuffer.segment(arena.segments()));
    AdamTables.Groups groups = AdamTables.groups(HostBuffer.segment(arena.groups()));
    Span max = arena.maxExpAvgSq();
    for (int s = 0; s < arena.segmentCount(); s++) {
      if (!segments.active(s)) {
        continue;
      }
      AdamCoefficients c = groups.coefficients(segments.group(s), segments.step(s), clip);
      AdamStep.update(
          c,
          HostBuffer.segment(arena.parameters()),
          HostBuffer.segment(arena.gradients()),
          HostBuffer.segment(arena.expAvg()),
          HostBuffer.segment(arena.expAvgSq()),
          max == null ? null : HostBuffer.segment(max),
          segments.offset(s),
          segments.offset(s) + segments.length(s));
      segments.advance(s);
    }
  }
}
