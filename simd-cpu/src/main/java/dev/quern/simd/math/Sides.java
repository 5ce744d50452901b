package dev.quern.simd.math;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Probabilities without cancellation: the <i>side</i> of a probability p is the smaller of p and q
 * = 1 - p, with a sign that tells which: p itself, or -q where p is above 1/2. The sign bit counts,
 * also of 0.
 */
public final class Sides {
  private Sides() {}

  /** The side of a logit's probability, from the logit and e = e^-|x|. */
  public static FloatVector ofLogit(FloatVector x, FloatVector e) {
    FloatVector small = e.mul(VectorMath.inverseOf1Plus(e));
    return small.neg().blend(small, x.compare(VectorOperators.LT, lanes(0.0f)));
  }

  /** Whether a side is p itself, as that of a negative logit is. */
  public static VectorMask<Float> negative(FloatVector side) {
    return side.reinterpretAsInts().compare(VectorOperators.GE, IntVector.zero(INTS)).cast(SPECIES);
  }

  /** p. */
  public static FloatVector probability(FloatVector side) {
    return side.add(lanes(1.0f)).blend(side, negative(side));
  }

  /** p - t. */
  public static FloatVector difference(FloatVector side, FloatVector t) {
    return side.sub(t.sub(lanes(1.0f)).blend(t, negative(side)));
  }

  /** p q, the derivative of p by the logit. */
  public static FloatVector slope(FloatVector side) {
    FloatVector small = side.abs();
    return small.mul(lanes(1.0f).sub(small));
  }
}
