package dev.quern.simd;

import static dev.quern.simd.VectorMath.HALF;
import static dev.quern.simd.VectorMath.ONE;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.ZERO;

import dev.quern.DType;
import dev.quern.reference.LossTerms;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The terms of the fused segmentation losses in f32 vectors: the vector twin of {@code
 * formulas/loss_terms.inc}. The form of the overlap is chosen by masks, so that one loop serves all
 * three: a blend costs less than the compiler loses on a larger loop.
 */
final class LossVectors {
  /** Accumulators of every sum: pixel i is added to accumulator i modulo this. */
  static final int ROW = 16;

  /** All lanes unless true positives are a minimum. */
  final VectorMask<Float> product;

  /** All lanes if masses are squared. */
  final VectorMask<Float> squared;

  /** The target value that is left out, NaN for none. */
  final float ignoredTarget;

  /** The same in every lane. */
  final FloatVector ignored;

  LossVectors(FusedLossSpec spec) {
    TruePositiveForm form = spec.truePositiveForm();
    product = SPECIES.maskAll(form != TruePositiveForm.MIN);
    squared = SPECIES.maskAll(form == TruePositiveForm.SQUARED);
    Integer index = spec.ignoreIndex();
    // faulty labels become ignored ones, so labels need such a value even if the spec names none
    float none = spec.targetDtype() == DType.U8 ? -1 : Float.NaN;
    ignoredTarget = index == null ? none : index;
    ignored = FloatVector.broadcast(SPECIES, ignoredTarget);
  }

  /** min(p, t) or p t. */
  static FloatVector truePositive(FloatVector p, FloatVector t, VectorMask<Float> product) {
    return t.blend(p, p.compare(VectorOperators.LT, t)).blend(p.mul(t), product);
  }

  /** v or v^2. */
  static FloatVector mass(FloatVector v, VectorMask<Float> squared) {
    return v.lanewise(VectorOperators.MUL, v, squared);
  }

  /** The binary cross-entropy of a pixel from e = e^-|x|. */
  static FloatVector bce(FloatVector x, FloatVector t, FloatVector e, VectorMask<Float> negative) {
    FloatVector miss = ONE.sub(t).blend(t, negative);
    FloatVector l = VectorMath.log1pUnit(e);
    return l.blend(x.abs().fma(miss, l), miss.compare(VectorOperators.NE, ZERO));
  }

  /** The derivative of the loss by a logit, from the coefficients of {@link LossTerms}. */
  static FloatVector gradient(
      FloatVector x,
      FloatVector t,
      FloatVector a,
      FloatVector b,
      FloatVector c,
      VectorMask<Float> product,
      VectorMask<Float> squared) {
    FloatVector e = VectorMath.expOfMinusAbs(x);
    FloatVector inverse = VectorMath.inverseOf1Plus(e);
    FloatVector p = VectorMath.sigmoidFrom(x.compare(VectorOperators.LT, ZERO), e, inverse);
    FloatVector slope = inverse.mul(e.mul(inverse));
    FloatVector above = HALF.blend(ZERO, p.compare(VectorOperators.GT, t));
    FloatVector tau = above.blend(ONE, p.compare(VectorOperators.LT, t)).blend(t, product);
    FloatVector overlap = a.fma(tau, b.lanewise(VectorOperators.MUL, p, squared));
    return overlap.fma(slope, c.mul(p.sub(t)));
  }
}
