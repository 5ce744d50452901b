package dev.quern.bench.random;

import java.util.List;
import java.util.SplittableRandom;

/** Draws from one seed; the same numbers on every machine. */
final class Draw {
  private final SplittableRandom random;

  Draw(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Whether something of this probability happens. */
  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  double uniform(double from, double to) {
    return from + (to - from) * random.nextDouble();
  }

  /** A number that f32 holds exactly, as kernels keep options in f32. */
  double option(double from, double to) {
    return (float) uniform(from, to);
  }

  double normal() {
    return random.nextGaussian();
  }

  boolean coin() {
    return random.nextBoolean();
  }

  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  double of(double... choices) {
    return choices[random.nextInt(choices.length)];
  }

  int of(int... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
