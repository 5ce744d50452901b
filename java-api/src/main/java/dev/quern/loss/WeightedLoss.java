package dev.quern.loss;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A weighted sum of losses over the same logits. What can share the two passes does; every Lovasz
 * loss is computed by itself, and values and gradients are added.
 */
final class WeightedLoss extends SegmentationLoss {
  private final List<Part> parts;
  private final List<Part> sorted;
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
    this.sorted = sorted(parts);
  }

  /** The Lovasz losses of all parts, with their weights in the whole sum. */
  private static List<Part> sorted(List<Part> parts) {
    List<Part> found = new ArrayList<>();
    for (Part part : parts) {
      if (part.loss instanceof LovaszLoss) {
        found.add(part);
      } else if (part.loss instanceof WeightedLoss sum) {
        for (Part inner : sum.sorted) {
          found.add(new Part(inner.loss, inner.weight * part.weight));
        }
      }
    }
    return found;
  }

  /** What shares the two passes; null if that is nothing. */
  private @Nullable SegmentationLoss fused() {
    List<Part> rest = new ArrayList<>();
    for (Part part : parts) {
      SegmentationLoss loss =
          part.loss instanceof WeightedLoss sum && !sum.sorted.isEmpty() ? sum.fused() : part.loss;
      if (loss != null && !(loss instanceof LovaszLoss)) {
        rest.add(new Part(loss, part.weight));
      }
    }
    return rest.isEmpty() ? null : new WeightedLoss(rest);
  }

  @Override
  public Tensor forward(Tensor logits, Tensor target) {
    if (sorted.isEmpty()) {
      return super.forward(logits, target);
    }
    return logits
        .engine()
        .scoped(() -> {
          SegmentationLoss fused = fused();
          Tensor total = fused == null ? null : fused.forward(logits, target);
          for (Part part : sorted) {
            total = sum(total, part.loss.forward(logits, target), part.weight);
          }
          return Objects.requireNonNull(total);
        });
  }

  @Override
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryJaccardIndex metric) {
    if (sorted.isEmpty()) {
      return super.forwardBackward(logits, target, upstream, metric);
    }
    return logits
        .engine()
        .scoped(() -> {
          SegmentationLoss fused = fused();
          BinaryJaccardIndex counter = metric;
          Tensor value = null;
          Tensor gradient = null;
          if (fused != null) {
            LossResult result = fused.forwardBackward(logits, target, upstream, counter);
            value = result.value();
            gradient = result.gradient();
            counter = null;
          }
          for (Part part : sorted) {
            LossResult result = part.loss.forwardBackward(logits, target, upstream, counter);
            value = sum(value, result.value(), part.weight);
            gradient = sum(gradient, result.gradient(), part.weight);
            counter = null;
          }
          return new LossResult(Objects.requireNonNull(value), Objects.requireNonNull(gradient));
        });
  }

  private static Tensor sum(@Nullable Tensor total, Tensor next, double weight) {
    Tensor scaled = weight == 1 ? next : next.scale((float) weight);
    return total == null ? scaled : total.add(scaled);
  }

  @Override
  float onArrays(float[] logits, MemorySegment target, DType dtype, float @Nullable [] gradient) {
    if (sorted.isEmpty()) {
      return super.onArrays(logits, target, dtype, gradient);
    }
    if (frame.mode() == Mode.MULTICLASS) {
      throw new IllegalArgumentException(
          "A loss in mode MULTICLASS needs the shape of the logits: use the form with a Shape.");
    }
    return forwardBackward(
        Shape.of(1, logits.length),
        MemorySegment.ofArray(logits),
        target,
        dtype,
        gradient == null ? null : MemorySegment.ofArray(gradient));
  }

  @Override
  public float forwardBackward(
      Shape shape,
      MemorySegment logits,
      MemorySegment target,
      DType targetDtype,
      @Nullable MemorySegment gradient) {
    if (sorted.isEmpty()) {
      return super.forwardBackward(shape, logits, target, targetDtype, gradient);
    }
    if (gradient != null && shape.elements() > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "A sum with Lovasz losses adds up gradients of less than 2^31 elements here, but logits %s have %d; use smaller batches, or tensors of an engine."
              .formatted(shape, shape.elements()));
    }
    int length = gradient == null ? 0 : (int) shape.elements();
    float[] total = gradient == null ? null : new float[length];
    double value = 0;
    List<Part> all = new ArrayList<>(sorted);
    SegmentationLoss fused = fused();
    if (fused != null) {
      all.add(new Part(fused, 1));
    }
    for (Part part : all) {
      float[] own = total == null ? null : new float[length];
      MemorySegment ownSegment = own == null ? null : MemorySegment.ofArray(own);
      double weight = part.weight;
      value += weight * part.loss.forwardBackward(shape, logits, target, targetDtype, ownSegment);
      for (int i = 0; own != null && total != null && i < length; i++) {
        total[i] += (float) (weight * own[i]);
      }
    }
    if (gradient != null && total != null) {
      MemorySegment.copy(total, 0, gradient, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, length);
    }
    return (float) value;
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
