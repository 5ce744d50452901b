package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A weighted sum of losses over the same logits. */
final class WeightedLoss extends SegmentationLoss {
  private final List<WeightedTerm> terms;
  private final @Nullable TruePositiveForm form;
  private final @Nullable Integer ignoreIndex;

  private WeightedLoss(
      List<WeightedTerm> terms, @Nullable TruePositiveForm form, @Nullable Integer ignoreIndex) {
    this.terms = terms;
    this.form = form;
    this.ignoreIndex = ignoreIndex;
  }

  static WeightedLoss sum(SegmentationLoss a, SegmentationLoss b) {
    if (!Objects.equals(a.ignoreIndex(), b.ignoreIndex())) {
      throw new IllegalArgumentException(
          "Losses of a sum ignore the same pixels, but one has ignoreIndex %s and the other %s."
              .formatted(a.ignoreIndex(), b.ignoreIndex()));
    }
    TruePositiveForm form = a.truePositives();
    TruePositiveForm other = b.truePositives();
    if (form != null && other != null && form != other) {
      throw new IllegalArgumentException(
          "Losses of a sum count true positives alike, but one has form %s and the other %s."
              .formatted(form, other));
    }
    List<WeightedTerm> terms = Stream.concat(a.terms().stream(), b.terms().stream()).toList();
    return new WeightedLoss(terms, form == null ? other : form, a.ignoreIndex());
  }

  static WeightedLoss scaled(SegmentationLoss loss, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("A loss weight must be finite, got " + weight + ".");
    }
    List<WeightedTerm> terms =
        loss.terms().stream().map(t -> new WeightedTerm(t.term(), t.weight() * weight)).toList();
    return new WeightedLoss(terms, loss.truePositives(), loss.ignoreIndex());
  }

  @Override
  List<WeightedTerm> terms() {
    return terms;
  }

  @Override
  @Nullable Integer ignoreIndex() {
    return ignoreIndex;
  }

  @Override
  @Nullable TruePositiveForm truePositives() {
    return form;
  }
}
