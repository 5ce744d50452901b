package dev.quern.optim;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.SegmentTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** The device table with a row for each parameter: where it lies, its group, its steps. */
final class Segments implements AutoCloseable {
  private final Tensor table;
  private final int parameters;
  private final long tiles;

  /** Parameters that are all active and have taken no step. */
  Segments(Engine engine, ParameterStore store, int[] groupOf) {
    parameters = groupOf.length;
    SegmentTable segments = SegmentTable.allocate(parameters);
    long sum = 0;
    for (int s = 0; s < parameters; s++) {
      long length = store.parameters().get(s).shape().elements();
      segments.set(s, store.arenaOffset(s), length, sum, 0, groupOf[s], true);
      sum += OptimizerArena.tiles(length);
    }
    tiles = sum;
    MemorySegment memory = segments.memory();
    table = engine.upload(memory, DType.U8, Shape.of(memory.byteSize()));
  }

  Span span() {
    return table.span();
  }

  int parameters() {
    return parameters;
  }

  long tiles() {
    return tiles;
  }

  void setActive(int parameter, boolean active) {
    long at = SegmentTable.activeOffset(parameter);
    try (Tensor word = table.slice(at, at + Integer.BYTES)) {
      word.copyFrom(MemorySegment.ofArray(new int[] {active ? 1 : 0}));
    }
  }

  long[] steps() {
    SegmentTable segments = download();
    long[] steps = new long[parameters];
    Arrays.setAll(steps, segments::step);
    return steps;
  }

  /** Sets step numbers; a buffer holds something after steps in a group with momentum. */
  void setSteps(long[] steps, IntPredicate hasMomentum) {
    if (steps.length != parameters || Arrays.stream(steps).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "Step numbers are at least 0, one for each of %d parameters, got %s."
              .formatted(parameters, Arrays.toString(steps)));
    }
    SegmentTable segments = download();
    for (int s = 0; s < steps.length; s++) {
      segments.setStep(s, steps[s]);
      segments.setBuffered(s, steps[s] > 0 && hasMomentum.test(segments.group(s)));
    }
    table.copyFrom(segments.memory());
  }

  boolean[] buffered() {
    SegmentTable segments = download();
    boolean[] buffered = new boolean[parameters];
    for (int s = 0; s < buffered.length; s++) {
      buffered[s] = segments.buffered(s);
    }
    return buffered;
  }

  void setBuffered(boolean[] buffered) {
    SegmentTable segments = download();
    for (int s = 0; s < buffered.length; s++) {
      segments.setBuffered(s, buffered[s]);
    }
    table.copyFrom(segments.memory());
  }

  private SegmentTable download() {
    SegmentTable segments = SegmentTable.allocate(parameters);
    table.copyTo(segments.memory());
    return segments;
  }

  @Override
  public void close() {
    table.close();
  }
}
