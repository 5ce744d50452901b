package dev.quern.simd;

import static dev.quern.simd.VectorMath.lanes;

import dev.quern.DType;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The terms of the fused segmentation losses in f32 vectors: the vector twin of {@code
 * formulas/loss_terms.inc}. The form of the overlap is chosen by masks, so that one loop serves all
 * three: a blend costs less than the compiler loses on a larger loop. The loops make their vectors
 * of these fields themselves: of a vector that comes out of a field the compiler knows no class.
 */
final class LossVectors {
  /** Accumulators of every sum: pixel i is added to accumulator i modulo this. */
  static final int ROW = 16;

  /** Whether any term needs the overlap sums. */
  final boolean hasOverlap;

  /** Whether any term needs the cross-entropy. */
  final boolean hasBce;

  /** Whether true positives are p t, not min(p, t). */
  final boolean product;

  /** Whether masses are squared. */
  final boolean squared;

  /** The target value that is left out, NaN for none. */
  final float ignored;

  LossVectors(FusedLossSpec spec) {
    TruePositiveForm form = spec.truePositiveForm();
    hasOverlap = spec.hasOverlap();
    hasBce = spec.hasBce();
    product = form != TruePositiveForm.MIN;
    squared = form == TruePositiveForm.SQUARED;
    Integer index = spec.ignoreIndex();
    // faulty labels become ignored ones, so labels need such a value even if the spec names none
    float none = spec.targetDtype() == DType.U8 ? -1 : Float.NaN;
    ignored = index == null ? none : index;
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
  static FloatVector bce(FloatVector x, FloatVector t, FloatVector e) {
    FloatVector miss = lanes(1.0f).sub(t).blend(t, x.compare(VectorOperators.LT, lanes(0.0f)));
    FloatVector l = VectorMath.log1pUnit(e);
    return l.blend(x.abs().fma(miss, l), miss.compare(VectorOperators.NE, lanes(0.0f)));
  }

  /**
   * How the true positives grow with p; {@code small} is p where the logit is negative and 1 - p
   * elsewhere, so that p is found below t also where it rounds to t = 1.
   */
  static FloatVector tau(
      FloatVector small, FloatVector t, VectorMask<Float> negative, VectorMask<Float> product) {
    FloatVector side = small.neg().blend(small, negative);
    FloatVector bound = t.sub(lanes(1.0f)).blend(t, negative);
    FloatVector above = lanes(0.5f).blend(lanes(0.0f), side.compare(VectorOperators.GT, bound));
    return above.blend(lanes(1.0f), side.compare(VectorOperators.LT, bound)).blend(t, product);
  }

  /** b, or b p. */
  static FloatVector scaled(FloatVector b, FloatVector p, VectorMask<Float> squared) {
    return b.lanewise(VectorOperators.MUL, p, squared);
  }
}
