package dev.quern.simd.loss.loops;

import static dev.quern.simd.loss.loops.LossBlock.ROW;
import static dev.quern.simd.loss.loops.LossMath.accumulate;
import static dev.quern.simd.math.NativeVectors.ORDER;
import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import dev.quern.simd.math.Sides;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.LossSums;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/**
 * First and last loops of the commonest losses that read and write native memory themselves, where
 * the loops of {@link OverlapLoops} and {@link BceLoops} work on copies: while the processor waits
 * for memory it computes exponentials. Blocks are multiples of {@link LossBlock#ROW}. Elements that
 * do not count go through like all others, and what they leave is mended afterwards: {@link
 * LossStaging#neutralize} behind a sigmoid, {@link LossStaging#zeroDropped} behind a gradient.
 */
final class NativeLossLoops {
  private NativeLossLoops() {}

  /** e^-|x| and side of logits, which are copied. */
  static void sigmoid(LossBlock b) {
    MemorySegment from = b.inputs.x();
    long at = 4 * b.inputAt;
    float[] x = b.x;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      xi.intoArray(x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      Sides.ofLogit(xi, ei).intoArray(side, i);
    }
  }

  /** The same, and copies F32 targets. */
  static void sigmoidAndTarget(LossBlock b) {
    MemorySegment from = b.inputs.x();
    MemorySegment targets = b.inputs.t();
    long at = 4 * b.inputAt;
    float[] x = b.x;
    float[] t = b.t;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      load(targets, at + 4L * i).intoArray(t, i);
      xi.intoArray(x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      Sides.ofLogit(xi, ei).intoArray(side, i);
    }
  }

  /** The same; side goes where the gradient will be, too. */
  static void keptSigmoid(LossBlock b) {
    MemorySegment from = b.inputs.x();
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    long at = 4 * b.inputAt;
    float[] x = b.x;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      xi.intoArray(x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      FloatVector v = Sides.ofLogit(xi, ei);
      v.intoArray(side, i);
      // not by NativeVectors.store: C2 no longer inlines that behind so much
      v.intoMemorySegment(out, at + 4L * i, ORDER);
    }
  }

  /** The same, and copies F32 targets. */
  static void keptSigmoidAndTarget(LossBlock b) {
    MemorySegment from = b.inputs.x();
    MemorySegment targets = b.inputs.t();
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    long at = 4 * b.inputAt;
    float[] x = b.x;
    float[] t = b.t;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      load(targets, at + 4L * i).intoArray(t, i);
      xi.intoArray(x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      FloatVector v = Sides.ofLogit(xi, ei);
      v.intoArray(side, i);
      // not by NativeVectors.store: C2 no longer inlines that behind so much
      v.intoMemorySegment(out, at + 4L * i, ORDER);
    }
  }

  /** {@link OverlapLoops#minGradient} in place, with F32 targets. */
  static void minGradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    MemorySegment targets = b.inputs.t();
    long at = 4 * b.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector d = Sides.difference(v, load(targets, at + 4L * i));
      store(LossMath.minSlope(d, hit, miss).mul(Sides.slope(v)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#minAndBceGradient} in place, with F32 targets. */
  static void minAndBceGradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    MemorySegment targets = b.inputs.t();
    long at = 4 * b.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    FloatVector bce = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector d = Sides.difference(v, load(targets, at + 4L * i));
      FloatVector overlap = LossMath.minSlope(d, hit, miss);
      store(overlap.fma(Sides.slope(v), bce.mul(d)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#productGradient} in place. */
  static void productGradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    float[] t = b.t;
    long at = 4 * b.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector overlap = LossMath.productSlope(ti, hit, miss);
      store(overlap.mul(Sides.slope(v)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#productAndBceGradient} in place. */
  static void productAndBceGradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    float[] t = b.t;
    long at = 4 * b.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    FloatVector bce = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      FloatVector overlap = LossMath.productSlope(ti, hit, miss);
      store(overlap.fma(Sides.slope(v), bce.mul(d)), out, at + 4L * i);
    }
  }

  /** {@link BceLoops#plainBoth}, the gradient where it belongs. */
  static void plainBceBoth(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.bce);
    long at = 4 * b.inputAt;
    float[] x = b.x;
    float[] t = b.t;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.n;
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < n; i += ROW) {
        FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
        FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
        FloatVector v = FloatVector.fromArray(SPECIES, side, i);
        store(Sides.difference(v, ti).mul(k), out, at + 4L * i);
        FloatVector log1p = VectorMath.log1pUnit(FloatVector.fromArray(SPECIES, e, i));
        sum = sum.add(BceLoops.plain(xi, ti, log1p));
      }
      accumulate(sum, b.lanes, LossSums.BCE * ROW + first);
    }
  }
}
