package dev.quern.simd;

import dev.quern.spi.OptimizerArena;
import dev.quern.spi.OutsideTensors;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer step over an arena: a tile goes through the optimizer's loops and then, if an
 * average is kept, through that of the moving average. Tails are padded to a vector.
 */
abstract class StepTask extends ArenaTask {
  static final int PARAMETERS = 0;
  static final int GRADIENTS = 1;

  /** The first of the optimizer's own streams. */
  static final int STATE = 2;

  private final MemorySegment[] streams;

  /** The streams of each segment, from its first element on; null if all lie in the arena. */
  private final MemorySegment @Nullable [][] outside;

  private final int ema;

  /** Opens the arena and the optimizer's own streams; those that are null are not there. */
  StepTask(OptimizerArena arena, @Nullable Span... state) {
    super(arena);
    List<MemorySegment> opened = new ArrayList<>();
    opened.add(open(arena.parameters()));
    opened.add(open(arena.gradients()));
    for (Span span : state) {
      if (span != null) {
        opened.add(open(span));
      }
    }
    Span average = arena.ema();
    this.ema = average == null ? -1 : opened.size();
    if (average != null) {
      opened.add(open(average));
    }
    this.streams = opened.toArray(MemorySegment[]::new);
    this.outside = arena.outside() == null ? null : outside(arena.outside(), arena.segmentCount());
  }

  private MemorySegment[][] outside(OutsideTensors tensors, int count) {
    MemorySegment[][] ofSegments = new MemorySegment[count][];
    for (int s = 0; s < count; s++) {
      MemorySegment[] own = new MemorySegment[streams.length];
      own[PARAMETERS] = open(tensors.parameters().get(s));
      own[GRADIENTS] = open(tensors.gradients().get(s));
      for (int k = STATE; k < own.length; k++) {
        own[k] = streams[k].asSlice(4 * segments.offset(s), 4 * segments.length(s));
      }
      ofSegments[s] = own;
    }
    return ofSegments;
  }

  /** Whether a segment is updated with the same scalars as the one before. */
  final boolean isAsBefore(int segment) {
    return segment > 0
        && segments.group(segment) == segments.group(segment - 1)
        && segments.step(segment) == segments.step(segment - 1);
  }

  final boolean hasEma() {
    return ema >= 0;
  }

  /** Updates whole vectors of a segment that has a gradient. */
  abstract void update(int segment, MemorySegment[] memory, long at, int n);

  /** The weight of a segment's parameters in their moving average. */
  abstract float emaWeight(int segment);

  @Override
  final void run(long tile, int segment, long first, int n, boolean active) {
    if (!active && !hasEma()) {
      return;
    }
    MemorySegment[] memory = outside == null ? streams : outside[segment];
    long at = 4 * (outside == null ? first : first - segments.offset(segment));
    int whole = n - n % VectorMath.LANES;
    step(segment, memory, at, whole, active);
    if (whole < n) {
      tail(segment, memory, at + 4L * whole, 4L * (n - whole), active);
    }
  }

  private void step(int segment, MemorySegment[] memory, long at, int n, boolean active) {
    if (active) {
      update(segment, memory, at, n);
    }
    if (hasEma()) {
      StepLoops.movingAverage(emaWeight(segment), memory[PARAMETERS], memory[ema], at, n);
    }
  }

  private void tail(int segment, MemorySegment[] memory, long at, long bytes, boolean active) {
    MemorySegment[] pads = Workspace.current().pads;
    for (int s = 0; s < memory.length; s++) {
      MemorySegment.copy(memory[s], at, pads[s], 0, bytes);
    }
    step(segment, pads, 0, VectorMath.LANES, active);
    for (int s = 0; s < memory.length; s++) {
      if (s != GRADIENTS) {
        MemorySegment.copy(pads[s], 0, memory[s], at, bytes);
      }
    }
  }
}
