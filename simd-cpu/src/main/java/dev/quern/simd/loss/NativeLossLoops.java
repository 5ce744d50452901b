package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
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
 * for memory it computes exponentials. Blocks are multiples of {@link LossChunk#ROW}, all elements
 * count.
 */
final class NativeLossLoops {
  private NativeLossLoops() {}

  /** e^-|x| and side of logits, which are copied. */
  static void sigmoid(LossChunk c) {
    MemorySegment from = c.inputs.x();
    long at = 4 * c.inputAt;
    float[] x = c.x;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      xi.intoArray(x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      Sides.ofLogit(xi, ei).intoArray(side, i);
    }
  }

  /** The same, and copies F32 targets. */
  static void sigmoidAndTarget(LossChunk c) {
    MemorySegment from = c.inputs.x();
    MemorySegment targets = c.inputs.t();
    long at = 4 * c.inputAt;
    float[] x = c.x;
    float[] t = c.t;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.n;
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
  static void keptSigmoid(LossChunk c) {
    MemorySegment from = c.inputs.x();
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    long at = 4 * c.inputAt;
    float[] x = c.x;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.n;
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
  static void keptSigmoidAndTarget(LossChunk c) {
    MemorySegment from = c.inputs.x();
    MemorySegment targets = c.inputs.t();
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    long at = 4 * c.inputAt;
    float[] x = c.x;
    float[] t = c.t;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.n;
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
  static void minGradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    MemorySegment targets = c.inputs.t();
    long at = 4 * c.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector d = Sides.difference(v, load(targets, at + 4L * i));
      store(OverlapLoops.minSlope(d, hit, miss).mul(Sides.slope(v)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#minAndBceGradient} in place, with F32 targets. */
  static void minAndBceGradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    MemorySegment targets = c.inputs.t();
    long at = 4 * c.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector d = Sides.difference(v, load(targets, at + 4L * i));
      FloatVector overlap = OverlapLoops.minSlope(d, hit, miss);
      store(overlap.fma(Sides.slope(v), bce.mul(d)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#productGradient} in place. */
  static void productGradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    float[] t = c.t;
    long at = 4 * c.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector overlap = OverlapLoops.productSlope(ti, hit, miss);
      store(overlap.mul(Sides.slope(v)), out, at + 4L * i);
    }
  }

  /** {@link OverlapLoops#productAndBceGradient} in place. */
  static void productAndBceGradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    float[] t = c.t;
    long at = 4 * c.inputAt;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(out, at + 4L * i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      FloatVector overlap = OverlapLoops.productSlope(ti, hit, miss);
      store(overlap.fma(Sides.slope(v), bce.mul(d)), out, at + 4L * i);
    }
  }

  /** {@link BceLoops#plainBoth}, the gradient where it belongs. */
  static void plainBceBoth(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    FloatVector k = FloatVector.broadcast(SPECIES, c.kBce);
    long at = 4 * c.inputAt;
    float[] x = c.x;
    float[] t = c.t;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.n;
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
      OverlapLoops.add(sum, c.lanes, LossSums.BCE * ROW + first);
    }
  }
}
