package dev.quern.loss;

import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossInput;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all losses of a sum have in common.
 *
 * @param mode what the classes mean to one another
 * @param input logits or probabilities
 * @param ignoreIndex the target value that is left out, null for none
 * @param truePositives how overlap terms count true positives; null without overlap terms
 * @param perImage whether overlap terms take a score per image; null without overlap terms
 */
record LossSetting(
    Mode mode,
    LossInput input,
    @Nullable Integer ignoreIndex,
    @Nullable TruePositiveForm truePositives,
    @Nullable Boolean perImage) {

  static final LossSetting PIXELS =
      new LossSetting(Mode.BINARY, LossInput.LOGITS, null, null, null);
  static final LossSetting OVERLAP =
      new LossSetting(Mode.BINARY, LossInput.LOGITS, null, TruePositiveForm.MIN, false);

  LossSetting withMode(Mode value) {
    return new LossSetting(value, input, ignoreIndex, truePositives, perImage);
  }

  LossSetting withInput(LossInput value) {
    return new LossSetting(mode, value, ignoreIndex, truePositives, perImage);
  }

  LossSetting withIgnoreIndex(int value) {
    return new LossSetting(mode, input, value, truePositives, perImage);
  }

  LossSetting withTruePositives(TruePositiveForm value) {
    return new LossSetting(mode, input, ignoreIndex, value, perImage);
  }

  LossSetting withPerImage(boolean value) {
    return new LossSetting(mode, input, ignoreIndex, truePositives, value);
  }

  boolean isPerImage() {
    return Boolean.TRUE.equals(perImage);
  }

  /** The setting of a sum. */
  LossSetting and(LossSetting other) {
    requireEqual("have the same mode", mode, other.mode);
    requireEqual("take the same input", input, other.input);
    requireEqual("ignore the same pixels", ignoreIndex, other.ignoreIndex);
    if (truePositives != null && other.truePositives != null) {
      requireEqual("count true positives alike", truePositives, other.truePositives);
      requireEqual("agree whether scores are per image", perImage, other.perImage);
    }
    return truePositives == null
        ? new LossSetting(mode, input, ignoreIndex, other.truePositives, other.perImage)
        : this;
  }

  private static void requireEqual(String what, @Nullable Object a, @Nullable Object b) {
    if (!Objects.equals(a, b)) {
      throw new IllegalArgumentException(
          "Losses of a sum %s, but one has %s and the other %s.".formatted(what, a, b));
    }
  }
}
