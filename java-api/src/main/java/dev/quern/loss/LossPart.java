package dev.quern.loss;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryConfusion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a loss is made of: the losses that share the two passes are one part, every loss that sorts
 * is another. A loss has at most one fused part, which is the first.
 */
sealed interface LossPart permits FusedPart, SortedPart {
  /** The factor of the value and the gradient that this part computes. */
  double weight();

  /** Whether the value is one number. */
  boolean isReduced();

  LossPart times(double factor);

  /** The value without its weight; what is needed besides belongs to the current scope. */
  Tensor forward(Tensor logits, Tensor target);

  /** Value and gradient without the weight; what is needed besides belongs to the scope. */
  LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryConfusion metric);

  /** Refuses arrays without a shape where one is needed. */
  void requireNoShape();

  /**
   * Prepares a call without an engine.
   *
   * @param targets the number of the target's elements, which tells labels from shares
   */
  ArrayLoss.Part onArrays(Shape logits, long targets, DType targetDtype);

  /** The parts of a sum. */
  static List<LossPart> sum(List<LossPart> a, List<LossPart> b) {
    List<LossPart> parts = new ArrayList<>(a);
    for (LossPart part : b) {
      if (!(part instanceof FusedPart fused)) {
        parts.add(part);
      } else if (a.getFirst() instanceof FusedPart first) {
        parts.set(0, first.plus(fused));
      } else {
        parts.addFirst(fused);
      }
    }
    return List.copyOf(parts);
  }
}
