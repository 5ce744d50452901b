package dev.quern.bench.random;

import dev.quern.bench.definition.AdamRule;
import dev.quern.bench.definition.SgdRule;
import dev.quern.bench.definition.StepRule;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.SgdOptions;

/** Makes the options of the public interface that a drawn rule describes. */
final class Rules {
  private Rules() {}

  static AdamOptions adam(AdamRule rule) {
    return new AdamOptions(
        rule.lr(),
        rule.beta1(),
        rule.beta2(),
        rule.eps(),
        rule.decay(),
        rule.decoupled(),
        rule.l1(),
        rule.proximal(),
        rule.amsgrad(),
        rule.maximize());
  }

  static SgdOptions sgd(SgdRule rule) {
    return new SgdOptions(
        rule.lr(),
        rule.momentum(),
        rule.dampening(),
        rule.nesterov(),
        rule.decay(),
        rule.maximize());
  }

  static double rate(StepRule rule) {
    return switch (rule) {
      case AdamRule a -> a.lr();
      case SgdRule s -> s.lr();
    };
  }

  static StepRule withRate(StepRule rule, double factor) {
    return switch (rule) {
      case AdamRule a ->
          new AdamRule(
              a.lr() * factor,
              a.beta1(),
              a.beta2(),
              a.eps(),
              a.decay(),
              a.decoupled(),
              a.l1(),
              a.proximal(),
              a.amsgrad(),
              a.maximize());
      case SgdRule s ->
          new SgdRule(
              s.lr() * factor, s.momentum(), s.dampening(), s.nesterov(), s.decay(), s.maximize());
    };
  }
}
