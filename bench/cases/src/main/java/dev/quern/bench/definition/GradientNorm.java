package dev.quern.bench.definition;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is found of all gradients before a step.
 *
 * @param norm of the unscaled gradients
 * @param coefficient min(1, bound / (norm + 1e-6))
 * @param finite whether all gradients are finite
 */
public record GradientNorm(double norm, double coefficient, boolean finite) {
  /**
   * Computes it.
   *
   * @param gradients those of the parameters that take part
   * @param lossScale what the gradients were multiplied by
   * @param bound the largest norm; infinite for none
   * @return norm, coefficient and whether all are finite
   */
  public static GradientNorm of(List<float[]> gradients, double lossScale, double bound) {
    double squares = 0;
    boolean finite = true;
    for (float[] gradient : gradients) {
      for (float g : gradient) {
        squares += g / lossScale * (g / lossScale);
        finite &= Float.isFinite(g);
      }
    }
    double norm = Math.sqrt(squares);
    double coefficient = bound == Double.POSITIVE_INFINITY ? 1 : Math.min(1, bound / (norm + 1e-6));
    return new GradientNorm(norm, coefficient, finite);
  }

  /**
   * Compares with what an optimizer says of its last step.
   *
   * @param control norm, coefficient, and 1 if all gradients were finite; the first two count only
   *     then
   * @return what is wrong, or null
   */
  public @Nullable String compare(float[] control) {
    if ((control[2] != 0) != finite) {
      return "gradients called " + (finite ? "not finite" : "finite");
    }
    if (!finite) {
      return null;
    }
    if (!Tolerances.near(norm, control[0], 1e-6 * norm + Tolerances.SUBNORMAL)) {
      return "norm %.9g in place of %.9g".formatted(control[0], norm);
    }
    return Tolerances.near(coefficient, control[1], 1e-6 * coefficient + Tolerances.SUBNORMAL)
        ? null
        : "clip coefficient %.9g in place of %.9g".formatted(control[1], coefficient);
  }
}
