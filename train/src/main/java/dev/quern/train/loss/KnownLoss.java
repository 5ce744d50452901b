package dev.quern.train.loss;

import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.OverlapLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.SingleLoss;
import dev.quern.loss.TverskyLoss;
import dev.quern.train.message.BadInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The losses that a training knows by name, and their parameters. */
enum KnownLoss {
  /** Binary cross-entropy, its mean. */
  BCE(),
  /** 1 - Dice. */
  DICE("smooth", "eps"),
  /** Cross-entropy in which pixels that are right weigh less: (1 - p)^gamma. */
  FOCAL("gamma", "alpha"),
  /** 1 - Jaccard index. */
  JACCARD("smooth", "eps"),
  /** The Lovasz hinge over the pixels of a batch. */
  LOVASZ(),
  /** The Tversky loss: alpha weighs false positives, beta false negatives. */
  TVERSKY("alpha", "beta", "gamma", "smooth", "eps");

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> parameters;

  KnownLoss(String... parameters) {
    this.parameters = List.of(parameters);
  }

  /**
   * Finds a term's loss and checks the names of its parameters.
   *
   * @throws BadInputException with what there is, when a name is not known
   */
  static KnownLoss of(LossExpression.Term term, String text) {
    KnownLoss known =
        Arrays.stream(values())
            .filter(loss -> loss.word().equals(term.name()))
            .findFirst()
            .orElseThrow(() ->
                new BadInputException(
                    "--loss '%s': there is no loss %s; there are %s."
                        .formatted(text, term.name(), words())));
    for (String parameter : term.parameters().keySet()) {
      if (!known.parameters.contains(parameter)) {
        throw new BadInputException(
            "--loss '%s': %s has no parameter %s; it has %s."
                .formatted(
                    text,
                    known.word(),
                    parameter,
                    known.parameters.isEmpty() ? "none" : String.join(", ", known.parameters)));
      }
    }
    return known;
  }

  /**
   * Makes the loss of a term without its weight.
   *
   * @throws IllegalArgumentException when a parameter is outside its range
   */
  SegmentationLoss loss(LossExpression.Term term, @Nullable Integer ignoreIndex) {
    return switch (this) {
      case BCE -> ignoring(new BceLoss(), ignoreIndex);
      case DICE -> ignoring(overlap(new DiceLoss(), term), ignoreIndex);
      case FOCAL -> {
        FocalLoss loss = new FocalLoss().gamma(value(term, "gamma", 2));
        Double alpha = term.parameters().get("alpha");
        yield ignoring(alpha == null ? loss : loss.alpha(alpha), ignoreIndex);
      }
      case JACCARD -> ignoring(overlap(new JaccardLoss(), term), ignoreIndex);
      case LOVASZ -> ignoring(new LovaszLoss(), ignoreIndex);
      case TVERSKY ->
          ignoring(
              overlap(
                  new TverskyLoss()
                      .alpha(value(term, "alpha", 0.5))
                      .beta(value(term, "beta", 0.5))
                      .gamma(value(term, "gamma", 1)),
                  term),
              ignoreIndex);
    };
  }

  private static <L extends SingleLoss<L>> L ignoring(L loss, @Nullable Integer ignoreIndex) {
    return ignoreIndex == null ? loss : loss.ignoreIndex(ignoreIndex);
  }

  private static <L extends OverlapLoss<L>> L overlap(L loss, LossExpression.Term term) {
    return loss.smooth(value(term, "smooth", 0)).eps(value(term, "eps", 1e-7));
  }

  private static double value(LossExpression.Term term, String parameter, double fallback) {
    return term.parameters().getOrDefault(parameter, fallback);
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static String words() {
    return Arrays.stream(values()).map(KnownLoss::word).collect(Collectors.joining(", "));
  }
}
