package dev.quern.bench.unfused;

import dev.quern.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One class of one image: what is read of it, and the derivatives that the terms of a loss leave.
 * Where a pixel is ignored all it holds is 0.
 */
final class Segment {
  private final int channel;
  private final Tensor input;
  private final Tensor target;
  private final @Nullable Tensor mask;
  private final @Nullable Tensor weight;
  private final Tensor one;
  private @Nullable Tensor probability;
  private @Nullable Tensor logProbability;
  private @Nullable Tensor byInput;
  private @Nullable Tensor byProbability;
  private @Nullable Tensor byLogProbability;

  /** The mask is 0 where ignored, or null; the weight is null for 1. */
  Segment(
      int channel,
      Tensor input,
      Tensor target,
      @Nullable Tensor mask,
      @Nullable Tensor weight,
      Tensor one) {
    this.channel = channel;
    this.mask = mask;
    this.input = masked(input);
    this.target = masked(target);
    this.weight = weight;
    this.one = one;
  }

  int channel() {
    return channel;
  }

  Tensor input() {
    return input;
  }

  Tensor target() {
    return target;
  }

  /** A tensor of ones. */
  Tensor one() {
    return one;
  }

  /** 1 - x. */
  Tensor complement(Tensor x) {
    return one.subtract(x);
  }

  /** x times the factors of the elements. */
  Tensor weighted(Tensor x) {
    return weight == null ? x : x.multiply(weight);
  }

  Tensor masked(Tensor x) {
    return mask == null ? x : x.where(mask);
  }

  /** The sum over the pixels that are not ignored. */
  double sum(Tensor x) {
    return masked(x).sum().item();
  }

  /** The number of pixels that are not ignored. */
  double valid() {
    return mask == null ? one.shape().elements() : mask.sum().item();
  }

  Tensor probability() {
    return Objects.requireNonNull(probability);
  }

  /** Its logarithm. */
  Tensor logProbability() {
    if (logProbability == null) {
      logProbability = probability().log();
    }
    return logProbability;
  }

  void setProbability(Tensor value) {
    probability = value;
  }

  void setLogProbability(Tensor value) {
    logProbability = value;
  }

  /** Adds to the derivative with respect to the input, not through the probability. */
  void addByInput(Tensor derivative) {
    byInput = plus(byInput, derivative);
  }

  /** Adds to the derivative with respect to the probability. */
  void addByProbability(Tensor derivative) {
    byProbability = plus(byProbability, derivative);
  }

  /** Adds to the derivative with respect to the probability's logarithm. */
  void addByLogProbability(Tensor derivative) {
    byLogProbability = plus(byLogProbability, derivative);
  }

  /** The derivative with respect to the probability's logarithm, both parts; null for none. */
  @Nullable Tensor takeByLogProbability() {
    Tensor sum = byLogProbability;
    if (byProbability != null) {
      sum = plus(sum, byProbability.multiply(probability()));
    }
    byLogProbability = null;
    byProbability = null;
    return sum;
  }

  /** The gradient, the probability being the sigmoid of the input, or the input itself. */
  Tensor gradient(boolean sigmoid) {
    Tensor gradient = byInput;
    if (byProbability != null) {
      Tensor p = probability();
      gradient =
          plus(
              gradient,
              sigmoid ? byProbability.multiply(p.subtract(p.multiply(p))) : byProbability);
    }
    if (byLogProbability != null) {
      gradient = plus(gradient, byLogProbability.divide(probability()));
    }
    return gradient == null ? one.scale(0) : masked(gradient);
  }

  private static Tensor plus(@Nullable Tensor sum, Tensor addend) {
    return sum == null ? addend : sum.add(addend);
  }
}
