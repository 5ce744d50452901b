package dev.quern.simd.loss.loops;

import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** What the loops of several losses share: rows, accumulators, slopes of overlap losses. */
final class LossMath {
  private LossMath() {}

  static FloatVector load(float[] row, int i) {
    return FloatVector.fromArray(SPECIES, row, i);
  }

  /** Adds to accumulators. */
  static void accumulate(FloatVector v, float[] accumulators, int at) {
    FloatVector.fromArray(SPECIES, accumulators, at).add(v).intoArray(accumulators, at);
  }

  // ---- the slope of an overlap loss in p, from those of a hit and of a miss ----

  /** Where p is below, above or at t: of a hit, of a miss, or between them. */
  static FloatVector minSlope(FloatVector difference, FloatVector hit, FloatVector miss) {
    FloatVector zero = lanes(0.0f);
    return hit.add(miss)
        .mul(lanes(0.5f))
        .blend(miss, difference.compare(VectorOperators.GT, zero))
        .blend(hit, difference.compare(VectorOperators.LT, zero));
  }

  static FloatVector productSlope(FloatVector t, FloatVector hit, FloatVector miss) {
    return hit.fma(t, miss.mul(lanes(1.0f).sub(t)));
  }

  static FloatVector squaredSlope(
      FloatVector difference, FloatVector t, FloatVector hit, FloatVector miss) {
    return hit.fma(t, miss.mul(difference));
  }
}
