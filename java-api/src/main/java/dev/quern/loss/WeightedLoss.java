package dev.quern.loss;

import dev.quern.Tensor;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A weighted sum of losses over the same logits. */
final class WeightedLoss extends SegmentationLoss {
  private final List<Part> parts;
  private final Frame frame;

  private record Part(SegmentationLoss loss, double weight) {}

  private WeightedLoss(List<Part> parts) {
    this.parts = parts;
    Frame common = parts.getFirst().loss.frame();
    for (Part part : parts) {
      common = common.and(part.loss.frame());
      if (!part.loss.isReduced()) {
        throw new IllegalArgumentException(
            "A loss with reduction NONE stands alone: it cannot be summed or weighed.");
      }
    }
    this.frame = common;
  }

  static WeightedLoss sum(SegmentationLoss a, SegmentationLoss b) {
    return new WeightedLoss(List.of(new Part(a, 1), new Part(b, 1)));
  }

  static WeightedLoss scaled(SegmentationLoss loss, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("A loss weight must be finite, got " + weight + ".");
    }
    return new WeightedLoss(List.of(new Part(loss, weight)));
  }

  @Override
  Frame frame() {
    return frame;
  }

  @Override
  List<WeightedTerm> terms(int classes) {
    List<WeightedTerm> terms = new ArrayList<>();
    for (Part part : parts) {
      for (WeightedTerm t : part.loss.terms(classes)) {
        terms.add(new WeightedTerm(t.term(), t.weight() * part.weight));
      }
    }
    return terms;
  }

  @Override
  @Nullable Tensor weight() {
    Tensor found = null;
    for (Part part : parts) {
      Tensor weight = part.loss.weight();
      if (weight != null && found != null && weight != found) {
        throw new IllegalArgumentException(
            "A sum has one tensor of element weights, but two of its losses differ in theirs.");
      }
      found = weight == null ? found : weight;
    }
    return found;
  }
}
