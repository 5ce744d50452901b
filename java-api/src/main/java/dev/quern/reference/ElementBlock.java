package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.spi.loss.LossExtent;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Walks through the elements of a batch in blocks of one class of one image, which are copied into
 * arrays: loops over arrays are fast whatever compiler there is and whatever memory was met before.
 */
final class ElementBlock {
  /** The most elements of a block. */
  static final int SIZE = 128;

  /** Logits or probabilities. */
  final float[] x;

  /** Targets. */
  final float[] t;

  /** Factors of the binary cross-entropy. */
  final float[] w;

  private final MemorySegment inputs;
  private final LossTarget targets;
  private final @Nullable MemorySegment weights;
  private final LossExtent extent;
  private final int classes;
  private long plane;
  private long ahead;
  private int length;

  ElementBlock(
      MemorySegment inputs,
      LossTarget targets,
      @Nullable MemorySegment weights,
      LossExtent extent,
      int classes) {
    int size = (int) Math.min(SIZE, extent.pixels());
    this.x = new float[size];
    this.t = new float[size];
    this.w = new float[size];
    Arrays.fill(w, 1);
    this.inputs = inputs;
    this.targets = targets;
    this.weights = weights;
    this.extent = extent;
    this.classes = classes;
  }

  /** Goes to the next block; false if there is none. */
  boolean next() {
    ahead += length;
    if (ahead == extent.pixels()) {
      ahead = 0;
      plane++;
    }
    if (extent.pixels() == 0 || plane >= extent.images() * classes) {
      return false;
    }
    length = (int) Math.min(SIZE, extent.pixels() - ahead);
    MemorySegment.copy(inputs, JAVA_FLOAT_UNALIGNED, start() * Float.BYTES, x, 0, length);
    targets.read(start(), t, length);
    if (weights != null) {
      MemorySegment.copy(weights, JAVA_FLOAT_UNALIGNED, start() * Float.BYTES, w, 0, length);
    }
    return true;
  }

  long image() {
    return plane / classes;
  }

  int c() {
    return (int) (plane % classes);
  }

  /** The index of the first element. */
  long start() {
    return plane * extent.pixels() + ahead;
  }

  int length() {
    return length;
  }
}
