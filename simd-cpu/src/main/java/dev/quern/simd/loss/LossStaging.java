package dev.quern.simd.loss;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.simd.math.UnsignedBytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The first and last steps of a fused loss: between memory, native or on the heap, and the scratch
 * arrays of a {@link LossChunk}. Targets become floats; elements that do not count, and the padding
 * behind the last, get neutral inputs.
 */
final class LossStaging {
  private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED;

  /** Integers up to here are floats; ignore indices do not go further. */
  private static final int LARGEST = 1 << 24;

  /** Stands for labels beyond: neither a class, nor can it be ignored. */
  private static final int BEYOND = LARGEST + 2;

  private LossStaging() {}

  /** Stages targets and weights of elements. */
  static void elements(LossChunk c) {
    weights(c);
    targets(c, c.targetAt, c.t, c.n);
    drop(c, c.t, 0);
    if (c.dropped > 0 && c.options.weighted) {
      neutral(c.w, c.keep, 0, c.padded);
    }
  }

  private static void weights(LossChunk c) {
    if (!c.options.weighted) {
      return;
    }
    if (c.inputs.w() == null) {
      Arrays.fill(c.w, 0, c.n, 1);
    } else {
      MemorySegment.copy(c.inputs.w(), FLOAT, 4 * c.inputAt, c.w, 0, c.n);
    }
    Arrays.fill(c.w, c.n, c.padded, 0);
  }

  /** For blocks of which all elements count. */
  static void allCount(LossChunk c) {
    c.dropped = 0;
    c.faulty = 0;
    c.valid += c.n;
  }

  /** After a loop that read the inputs itself. */
  static void neutralize(LossChunk c) {
    if (c.dropped > 0) {
      neutral(c.x, c.keep, c.neutralInput(), c.padded);
      neutral(c.e, c.keep, 0, c.padded);
      neutral(c.side, c.keep, 0, c.padded);
    }
  }

  /** After a loop that wrote the gradient itself. */
  static void zeroDropped(LossChunk c) {
    if (c.dropped > 0) {
      for (int i = 0; i < c.n; i++) {
        if (c.keep[i] == 0) {
          out(c).set(FLOAT, 4 * (c.inputAt + i), 0);
        }
      }
    }
  }

  /** Stages the labels of pixels, and starts their sums. */
  static void labels(LossChunk c) {
    if (c.options.oneHot && !Float.isNaN(c.options.ignored)) {
      // a share of class 0 tells
      c.select(0);
      row(c.inputs.t(), c, c.label);
      drop(c, c.label, -1);
    } else if (c.options.oneHot) {
      c.dropped = 0;
      c.faulty = 0;
      c.valid += c.n;
      Arrays.fill(c.keep, 0, c.n, 1);
      Arrays.fill(c.keep, c.n, c.padded, 0);
    } else {
      targets(c, c.targetAt, c.label, c.n);
      drop(c, c.label, -1);
    }
    Arrays.fill(c.crossEntropy, 0, c.padded, 0);
    Arrays.fill(c.softmaxFocal, 0, c.padded, 0);
    Arrays.fill(c.slopeSum, 0, c.padded, 0);
    Arrays.fill(c.firstSlope, 0, c.padded, 0);
  }

  /** Stages the inputs of the class. */
  static void inputRow(LossChunk c) {
    inputRow(c, c.neutralInput());
  }

  /** The same with another input for what does not count. */
  static void inputRow(LossChunk c, float neutral) {
    row(c.inputs.x(), c, c.x);
    Arrays.fill(c.x, c.n, c.padded, neutral);
    if (c.dropped > 0) {
      neutral(c.x, c.keep, neutral, c.padded);
    }
  }

  /** Stages the targets of one class of pixels. */
  static void targetRow(LossChunk c) {
    if (c.options.oneHot) {
      row(c.inputs.t(), c, c.t);
      Arrays.fill(c.t, c.n, c.padded, 0);
      if (c.dropped > 0) {
        neutral(c.t, c.keep, 0, c.padded);
      }
      return;
    }
    isClass(c.label, c.c, c.t, c.padded);
  }

  private static void isClass(float[] label, int index, float[] t, int n) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) index);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> mask =
          FloatVector.fromArray(SPECIES, label, i).compare(VectorOperators.EQ, own);
      lanes(0.0f).blend(lanes(1.0f), mask).intoArray(t, i);
    }
  }

  /** Takes back what {@link #storeSide} left. */
  static void side(LossChunk c) {
    row(out(c), c, c.side);
    Arrays.fill(c.side, c.n, c.padded, 0);
    if (c.dropped > 0) {
      neutral(c.side, c.keep, 0, c.padded);
    }
  }

  private static void row(MemorySegment from, LossChunk c, float[] to) {
    MemorySegment.copy(from, FLOAT, c.rowAt(c.c), to, 0, c.n);
  }

  /** Leaves the probabilities of the class where the gradient will be. */
  static void storeSide(LossChunk c) {
    store(c.side, c);
  }

  /** Writes the gradient of the class: 0 where an element does not count. */
  static void storeGradient(LossChunk c) {
    if (c.dropped > 0) {
      neutral(c.gradient, c.keep, 0, c.padded);
    }
    store(c.gradient, c);
  }

  private static void store(float[] from, LossChunk c) {
    MemorySegment.copy(from, 0, out(c), FLOAT, c.rowAt(c.c), c.n);
  }

  /** Writes one loss per element or pixel. */
  static void storeLosses(LossChunk c, float[] losses) {
    if (c.dropped > 0) {
      neutral(losses, c.keep, 0, c.padded);
    }
    scale(losses, (float) c.options.spec.terms().getFirst().weight(), c.padded);
    MemorySegment.copy(losses, 0, out(c), FLOAT, 4 * c.lossAt, c.n);
  }

  private static MemorySegment out(LossChunk c) {
    return Objects.requireNonNull(c.inputs.out());
  }

  private static void scale(float[] values, float factor, int n) {
    FloatVector k = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromArray(SPECIES, values, i).mul(k).intoArray(values, i);
    }
  }

  /** Replaces what does not count. */
  private static void neutral(float[] values, float[] keep, float value, int n) {
    FloatVector replacement = FloatVector.broadcast(SPECIES, value);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> out =
          FloatVector.fromArray(SPECIES, keep, i).compare(VectorOperators.EQ, lanes(0.0f));
      FloatVector.fromArray(SPECIES, values, i).blend(replacement, out).intoArray(values, i);
    }
  }

  /** Converts {@code n} targets from the {@code at}th on. */
  private static void targets(LossChunk c, long at, float[] to, int n) {
    MemorySegment from = c.inputs.t();
    switch (c.inputs.dtype()) {
      case F32 -> MemorySegment.copy(from, FLOAT, 4 * at, to, 0, n);
      case U8 -> {
        MemorySegment.copy(from, JAVA_BYTE, at, c.bytes, 0, n);
        UnsignedBytes.toFloats(c.bytes, to, LossChunk.padded(n));
      }
      case I32 -> {
        MemorySegment.copy(from, JAVA_INT_UNALIGNED, 4 * at, c.ints, 0, n);
        floats(c.ints, to, LossChunk.padded(n));
      }
      case I64 -> {
        MemorySegment.copy(from, JAVA_LONG_UNALIGNED, 8 * at, c.longs, 0, n);
        for (int i = 0; i < n; i++) {
          long label = c.longs[i];
          to[i] = label >= -LARGEST && label <= LARGEST ? label : BEYOND;
        }
      }
      case F64, F16, BF16, BOOL ->
          throw new IllegalArgumentException("A target cannot be " + c.inputs.dtype() + ".");
    }
  }

  private static void floats(int[] from, float[] to, int n) {
    for (int i = 0; i < n; i += LANES) {
      IntVector v = IntVector.fromArray(INTS, from, i);
      VectorMask<Integer> beyond =
          v.compare(VectorOperators.GT, LARGEST).or(v.compare(VectorOperators.LT, -LARGEST));
      v = v.blend(BEYOND, beyond);
      ((FloatVector) v.convert(VectorOperators.I2F, 0)).intoArray(to, i);
    }
  }

  /**
   * Finds the elements or pixels that do not count: their target becomes {@code none}, as that of
   * the padding, and they are marked.
   */
  private static void drop(LossChunk c, float[] t, float none) {
    Arrays.fill(t, c.n, c.padded, 0);
    // 0 is right unless it is what is ignored
    int padding = c.options.ignored == 0 ? 0 : c.padded - c.n;
    c.dropped = c.n - (kept(c, t) - padding);
    c.faulty = 0;
    if (c.dropped > 0) {
      int ignored = mark(c, t, none) - (c.padded - c.n - padding);
      c.valid += c.n - ignored;
      c.faulty = c.dropped - ignored;
      if (c.faulty > 0) {
        firstFault(c);
      }
    } else {
      c.valid += c.n;
      if (c.needsKeep()) {
        Arrays.fill(c.keep, 0, c.n, 1);
      }
    }
    Arrays.fill(c.keep, c.n, c.padded, 0);
    Arrays.fill(t, c.n, c.padded, none);
  }

  /** Counts the targets that are right. */
  private static int kept(LossChunk c, float[] t) {
    LossOptions options = c.options;
    if (!options.checked && Float.isNaN(options.ignored)) {
      return c.padded;
    }
    FloatVector ignored = FloatVector.broadcast(SPECIES, options.ignored);
    FloatVector end = FloatVector.broadcast(SPECIES, (float) options.labels);
    int kept = 0;
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      VectorMask<Float> right = ti.compare(VectorOperators.NE, ignored);
      if (options.checked) {
        right = right.and(isLabel(ti, end));
      }
      kept += right.trueCount();
    }
    return kept;
  }

  private static VectorMask<Float> isLabel(FloatVector t, FloatVector end) {
    FloatVector whole =
        (FloatVector) t.convert(VectorOperators.F2I, 0).convert(VectorOperators.I2F, 0);
    return t.compare(VectorOperators.GE, lanes(0.0f))
        .and(t.compare(VectorOperators.LT, end))
        .and(t.compare(VectorOperators.EQ, whole));
  }

  /** Returns how many are ignored. */
  private static int mark(LossChunk c, float[] t, float none) {
    LossOptions options = c.options;
    FloatVector skip = FloatVector.broadcast(SPECIES, options.ignored);
    FloatVector end = FloatVector.broadcast(SPECIES, (float) options.labels);
    FloatVector nothing = FloatVector.broadcast(SPECIES, none);
    int ignored = 0;
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      VectorMask<Float> skipped = ti.compare(VectorOperators.EQ, skip);
      ignored += skipped.trueCount();
      VectorMask<Float> out = skipped;
      if (options.checked) {
        out = out.or(isLabel(ti, end).not());
      }
      ti.blend(nothing, out).intoArray(t, i);
      lanes(1.0f).blend(lanes(0.0f), out).intoArray(c.keep, i);
    }
    return ignored;
  }

  private static void firstFault(LossChunk c) {
    for (int i = 0; i < c.n; i++) {
      if (c.keep[i] == 0) {
        targets(c, c.targetAt + i, c.scratch, 1);
        if (c.scratch[0] != c.options.ignored) {
          c.fault = Math.min(c.fault, c.targetAt + i);
          return;
        }
      }
    }
  }
}
