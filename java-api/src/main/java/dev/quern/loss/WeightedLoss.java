package dev.quern.loss;

import java.util.List;

/** A weighted sum of losses over the same logits. */
final class WeightedLoss extends SegmentationLoss {
  private final LossSetting setting;
  private final List<LossPart> parts;

  private WeightedLoss(LossSetting setting, List<LossPart> parts) {
    this.setting = setting;
    this.parts = parts;
  }

  static WeightedLoss sum(SegmentationLoss a, SegmentationLoss b) {
    LossSetting setting = a.setting().and(b.setting());
    return new WeightedLoss(setting, LossPart.sum(reduced(a), reduced(b)));
  }

  static WeightedLoss scaled(SegmentationLoss loss, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("A loss weight must be finite, got " + weight + ".");
    }
    List<LossPart> parts = reduced(loss).stream().map(part -> part.times(weight)).toList();
    return new WeightedLoss(loss.setting(), parts);
  }

  private static List<LossPart> reduced(SegmentationLoss loss) {
    List<LossPart> parts = loss.parts();
    if (!parts.stream().allMatch(LossPart::isReduced)) {
      throw new IllegalArgumentException(
          "A loss with reduction NONE stands alone: it cannot be summed or weighed.");
    }
    return parts;
  }

  @Override
  LossSetting setting() {
    return setting;
  }

  @Override
  List<LossPart> parts() {
    return parts;
  }
}
