package dev.quern.bench.unfused;

import dev.quern.spi.loss.LossTerm;

/** The numbers that a term has for its classes. */
final class ClassWeights {

  private ClassWeights() {}

  /** The factor of a class, 1 by default. */
  static double factor(LossTerm term, int channel) {
    return term.perClass().isEmpty() ? 1 : term.perClass().get(channel);
  }

  /** The share of a class in a mean, all the same by default. */
  static double share(LossTerm term, int channel, int classes) {
    return term.perClass().isEmpty() ? 1.0 / classes : term.perClass().get(channel);
  }
}
