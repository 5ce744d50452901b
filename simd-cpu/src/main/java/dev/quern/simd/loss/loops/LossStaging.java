package dev.quern.simd.loss.loops;

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
 * The first and last loops of a fused loss: between memory, native or on the heap, and the rows of
 * a {@link LossBlock}. Targets become floats; elements that do not count, and the padding behind
 * the last, get neutral inputs.
 */
final class LossStaging {
  private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED;

  /** Integers up to here are floats; ignore indices do not go further. */
  private static final int LARGEST = 1 << 24;

  /** Stands for labels beyond: neither a class, nor can it be ignored. */
  private static final int BEYOND = LARGEST + 2;

  private LossStaging() {}

  /** Stages targets and weights of elements. */
  static void elements(LossBlock b) {
    weights(b);
    targets(b, b.targetAt, b.t, b.n);
    drop(b, b.t, 0);
    if (b.dropped > 0 && b.options.weighted) {
      neutral(b.w, b.keep, 0, b.padded);
    }
  }

  private static void weights(LossBlock b) {
    if (!b.options.weighted) {
      return;
    }
    if (b.inputs.w() == null) {
      Arrays.fill(b.w, 0, b.n, 1);
    } else {
      MemorySegment.copy(b.inputs.w(), FLOAT, 4 * b.inputAt, b.w, 0, b.n);
    }
    Arrays.fill(b.w, b.n, b.padded, 0);
  }

  /** For blocks of which all elements count. */
  static void allCount(LossBlock b) {
    b.dropped = 0;
    b.faulty = 0;
    b.valid += b.n;
  }

  /** After a loop that read the inputs itself. */
  static void neutralize(LossBlock b) {
    if (b.dropped > 0) {
      neutral(b.x, b.keep, b.neutralInput(), b.padded);
      neutral(b.e, b.keep, 0, b.padded);
      neutral(b.side, b.keep, 0, b.padded);
    }
  }

  /** After a loop that wrote the gradient itself. */
  static void zeroDropped(LossBlock b) {
    if (b.dropped > 0) {
      for (int i = 0; i < b.n; i++) {
        if (b.keep[i] == 0) {
          out(b).set(FLOAT, 4 * (b.inputAt + i), 0);
        }
      }
    }
  }

  /** Stages the labels of pixels. */
  static void labels(LossBlock b) {
    if (b.options.oneHot && !Float.isNaN(b.options.scalars.ignored())) {
      // a share of class 0 tells
      b.select(0);
      row(b.inputs.t(), b, b.label);
      drop(b, b.label, -1);
    } else if (b.options.oneHot) {
      b.dropped = 0;
      b.faulty = 0;
      b.valid += b.n;
      Arrays.fill(b.keep, 0, b.n, 1);
      Arrays.fill(b.keep, b.n, b.padded, 0);
    } else {
      targets(b, b.targetAt, b.label, b.n);
      drop(b, b.label, -1);
    }
  }

  /** Stages the inputs of the class. */
  static void inputRow(LossBlock b) {
    inputRow(b, b.neutralInput());
  }

  /** The same with another input for what does not count. */
  static void inputRow(LossBlock b, float neutral) {
    row(b.inputs.x(), b, b.x);
    Arrays.fill(b.x, b.n, b.padded, neutral);
    if (b.dropped > 0) {
      neutral(b.x, b.keep, neutral, b.padded);
    }
  }

  /** Stages the targets of one class of pixels. */
  static void targetRow(LossBlock b) {
    if (b.options.oneHot) {
      row(b.inputs.t(), b, b.t);
      Arrays.fill(b.t, b.n, b.padded, 0);
      if (b.dropped > 0) {
        neutral(b.t, b.keep, 0, b.padded);
      }
      return;
    }
    isClass(b.label, b.selected.index, b.t, b.padded);
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
  static void side(LossBlock b) {
    row(out(b), b, b.side);
    Arrays.fill(b.side, b.n, b.padded, 0);
    if (b.dropped > 0) {
      neutral(b.side, b.keep, 0, b.padded);
    }
  }

  private static void row(MemorySegment from, LossBlock b, float[] to) {
    MemorySegment.copy(from, FLOAT, b.rowAt(b.selected.index), to, 0, b.n);
  }

  /** Leaves the probabilities of the class where the gradient will be. */
  static void storeSide(LossBlock b) {
    store(b.side, b);
  }

  /** Writes the gradient of the class: 0 where an element does not count. */
  static void storeGradient(LossBlock b) {
    if (b.dropped > 0) {
      neutral(b.gradient, b.keep, 0, b.padded);
    }
    store(b.gradient, b);
  }

  private static void store(float[] from, LossBlock b) {
    MemorySegment.copy(from, 0, out(b), FLOAT, b.rowAt(b.selected.index), b.n);
  }

  /** Where no loop writes the gradient before others add to it. */
  static void zeroGradient(LossBlock b) {
    Arrays.fill(b.gradient, 0, b.padded, 0);
  }

  static void storeBce(LossBlock b) {
    storeLosses(b, b.bce.loss);
  }

  static void storeFocal(LossBlock b) {
    storeLosses(b, b.focal.loss);
  }

  static void storeCrossEntropy(LossBlock b) {
    storeLosses(b, b.softmax.crossEntropy);
  }

  static void storeSoftmaxFocal(LossBlock b) {
    storeLosses(b, b.softmax.softmaxFocal);
  }

  /** Writes one loss per element or pixel. */
  private static void storeLosses(LossBlock b, float[] losses) {
    if (b.dropped > 0) {
      neutral(losses, b.keep, 0, b.padded);
    }
    scale(losses, (float) b.options.spec.terms().getFirst().weight(), b.padded);
    MemorySegment.copy(losses, 0, out(b), FLOAT, 4 * b.lossAt, b.n);
  }

  private static MemorySegment out(LossBlock b) {
    return Objects.requireNonNull(b.inputs.out());
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
  private static void targets(LossBlock b, long at, float[] to, int n) {
    MemorySegment from = b.inputs.t();
    switch (b.inputs.dtype()) {
      case F32 -> MemorySegment.copy(from, FLOAT, 4 * at, to, 0, n);
      case U8 -> {
        MemorySegment.copy(from, JAVA_BYTE, at, b.raw.bytes, 0, n);
        UnsignedBytes.toFloats(b.raw.bytes, to, LossBlock.padded(n));
      }
      case I32 -> {
        MemorySegment.copy(from, JAVA_INT_UNALIGNED, 4 * at, b.raw.ints, 0, n);
        floats(b.raw.ints, to, LossBlock.padded(n));
      }
      case I64 -> {
        MemorySegment.copy(from, JAVA_LONG_UNALIGNED, 8 * at, b.raw.longs, 0, n);
        for (int i = 0; i < n; i++) {
          long label = b.raw.longs[i];
          to[i] = label >= -LARGEST && label <= LARGEST ? label : BEYOND;
        }
      }
      case F64, F16, BF16, BOOL ->
          throw new IllegalArgumentException("A target cannot be " + b.inputs.dtype() + ".");
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
  private static void drop(LossBlock b, float[] t, float none) {
    Arrays.fill(t, b.n, b.padded, 0);
    // 0 is right unless it is what is ignored
    int padding = b.options.scalars.ignored() == 0 ? 0 : b.padded - b.n;
    b.dropped = b.n - (kept(b, t) - padding);
    b.faulty = 0;
    if (b.dropped > 0) {
      int ignored = mark(b, t, none) - (b.padded - b.n - padding);
      b.valid += b.n - ignored;
      b.faulty = b.dropped - ignored;
      if (b.faulty > 0) {
        firstFault(b);
      }
    } else {
      b.valid += b.n;
      if (b.needsKeep()) {
        Arrays.fill(b.keep, 0, b.n, 1);
      }
    }
    Arrays.fill(b.keep, b.n, b.padded, 0);
    Arrays.fill(t, b.n, b.padded, none);
  }

  /** Counts the targets that are right. */
  private static int kept(LossBlock b, float[] t) {
    LossOptions options = b.options;
    if (!options.checked && Float.isNaN(options.scalars.ignored())) {
      return b.padded;
    }
    FloatVector ignored = FloatVector.broadcast(SPECIES, options.scalars.ignored());
    FloatVector end = FloatVector.broadcast(SPECIES, (float) options.labels);
    int kept = 0;
    for (int i = 0; i < b.padded; i += LANES) {
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
  private static int mark(LossBlock b, float[] t, float none) {
    LossOptions options = b.options;
    FloatVector skip = FloatVector.broadcast(SPECIES, options.scalars.ignored());
    FloatVector end = FloatVector.broadcast(SPECIES, (float) options.labels);
    FloatVector nothing = FloatVector.broadcast(SPECIES, none);
    int ignored = 0;
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      VectorMask<Float> skipped = ti.compare(VectorOperators.EQ, skip);
      ignored += skipped.trueCount();
      VectorMask<Float> out = skipped;
      if (options.checked) {
        out = out.or(isLabel(ti, end).not());
      }
      ti.blend(nothing, out).intoArray(t, i);
      lanes(1.0f).blend(lanes(0.0f), out).intoArray(b.keep, i);
    }
    return ignored;
  }

  private static void firstFault(LossBlock b) {
    for (int i = 0; i < b.n; i++) {
      if (b.keep[i] == 0) {
        targets(b, b.targetAt + i, b.scratch, 1);
        if (b.scratch[0] != b.options.scalars.ignored()) {
          b.fault = Math.min(b.fault, b.targetAt + i);
          return;
        }
      }
    }
  }
}
