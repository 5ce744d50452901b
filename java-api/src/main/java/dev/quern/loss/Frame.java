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
record Frame(
    Mode mode,
    LossInput input,
    @Nullable Integer ignoreIndex,
    @Nullable TruePositiveForm truePositives,
    @Nullable Boolean perImage) {

  static final Frame PIXELS = new Frame(Mode.BINARY, LossInput.LOGITS, null, null, null);
  static final Frame OVERLAP =
      new Frame(Mode.BINARY, LossInput.LOGITS, null, TruePositiveForm.MIN, false);

  Frame withMode(Mode value) {
    return new Frame(value, input, ignoreIndex, truePositives, perImage);
  }

  Frame withInput(LossInput value) {
    return new Frame(mode, value, ignoreIndex, truePositives, perImage);
  }

  Frame withIgnoreIndex(int value) {
    // labels are compared as floats
    if (Math.abs((long) value) > 1 << 24) {
      throw new IllegalArgumentException(
          "ignoreIndex must lie within -2^24 and 2^24, got " + value + ".");
    }
    return new Frame(mode, input, value, truePositives, perImage);
  }

  Frame withTruePositives(TruePositiveForm value) {
    return new Frame(mode, input, ignoreIndex, value, perImage);
  }

  Frame withPerImage(boolean value) {
    return new Frame(mode, input, ignoreIndex, truePositives, value);
  }

  /** The frame of a sum. */
  Frame and(Frame other) {
    requireEqual("have the same mode", mode, other.mode);
    requireEqual("take the same input", input, other.input);
    requireEqual("ignore the same pixels", ignoreIndex, other.ignoreIndex);
    if (truePositives != null && other.truePositives != null) {
      requireEqual("count true positives alike", truePositives, other.truePositives);
      requireEqual("agree whether scores are per image", perImage, other.perImage);
    }
    return truePositives == null
        ? new Frame(mode, input, ignoreIndex, other.truePositives, other.perImage)
        : this;
  }

  private static void requireEqual(String what, @Nullable Object a, @Nullable Object b) {
    if (!Objects.equals(a, b)) {
      throw new IllegalArgumentException(
          "Losses of a sum %s, but one has %s and the other %s.".formatted(what, a, b));
    }
  }
}
