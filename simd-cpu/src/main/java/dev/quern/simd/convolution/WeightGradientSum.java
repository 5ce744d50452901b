package dev.quern.simd.convolution;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Adds the parts of a weight gradient in order, in f64, and lays the sums out as the weights lie. A
 * piece is an input of a group, with all its taps and outputs.
 */
final class WeightGradientSum extends Task {
  /** Additions below which sharing them costs more than it brings. */
  private static final long INLINE_BELOW = 1 << 14;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** What a thread needs. */
  private static final class Scratch {
    float[] part = {};
    double[] sums = {};
  }

  private final WeightGradientParts parts;
  private final MemorySegment partials;
  private final MemorySegment out;
  private final boolean add;

  private WeightGradientSum(WeightGradientParts parts, Span scratch, Span out, boolean add) {
    this.parts = parts;
    this.partials = open(scratch);
    this.out = open(out);
    this.add = add;
  }

  static void run(WorkerPool pool, WeightGradientParts parts, Span scratch, Span out, boolean add) {
    Task task = new WeightGradientSum(parts, scratch, out, add);
    long inputs = (long) parts.spec().groups() * parts.inputs();
    boolean few = parts.count() * parts.size() < INLINE_BELOW;
    pool.run(task, inputs, few ? Long.MAX_VALUE : 2);
  }

  @Override
  public void run(long piece) {
    int inputs = parts.inputs();
    int padded = parts.padded();
    int taps = parts.taps();
    long group = piece / inputs;
    long input = piece % inputs;
    Scratch scratch = THREADS.get();
    if (scratch.part.length < padded) {
      scratch.part = new float[padded];
    }
    if (scratch.sums.length < taps * padded) {
      scratch.sums = new double[taps * padded];
    }
    Arrays.fill(scratch.sums, 0, taps * padded, 0);
    for (long part = 0; part < parts.count(); part++) {
      for (int tap = 0; tap < taps; tap++) {
        long row = (group * taps + tap) * inputs + input;
        MemorySegment.copy(
            partials,
            JAVA_FLOAT,
            4 * (part * parts.size() + row * padded),
            scratch.part,
            0,
            padded);
        add(scratch.part, scratch.sums, tap * padded, padded);
      }
    }
    for (int k = 0; k < parts.outputs(); k++) {
      long at = ((group * parts.outputs() + k) * inputs + input) * taps;
      for (int tap = 0; tap < taps; tap++) {
        put(at + tap, (float) scratch.sums[tap * padded + k]);
      }
    }
  }

  private static void add(float[] part, double[] sums, int at, int n) {
    for (int k = 0; k < n; k++) {
      sums[at + k] += part[k];
    }
  }

  /** Takes an element, rounded before it is added. */
  private void put(long index, float sum) {
    float before = add ? out.getAtIndex(JAVA_FLOAT, index) : 0;
    out.setAtIndex(JAVA_FLOAT, index, add ? before + sum : sum);
  }
}
