package dev.quern.train.loss;

import dev.quern.loss.SegmentationLoss;
import dev.quern.train.message.BadInputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A loss in words: a sum of named losses of one logit per pixel, each with a weight and parameters
 * where wanted, as in {@code 0.5*dice + focal(gamma=2)}.
 */
public final class LossExpression {
  private static final Pattern TERM =
      Pattern.compile("(?:([^*()]*)\\*)?\\s*([A-Za-z_]\\w*)\\s*(?:\\(([^()]*)\\))?");

  /**
   * A term of the sum.
   *
   * @param weight what the loss is multiplied by
   * @param name of the loss
   * @param parameters by name, in the order they were given
   */
  record Term(double weight, String name, Map<String, Double> parameters) {}

  private LossExpression() {}

  /**
   * Reads the loss that an expression names, such as {@code dice+bce}, {@code lovasz} or {@code
   * 0.5*dice + focal(gamma=2)}.
   *
   * @param text a sum of losses with weights and parameters
   * @param ignoreIndex the target of pixels that do not count, or null
   * @return the loss
   * @throws BadInputException when it is no sum of losses, a loss or parameter is not known, or a
   *     number is none or outside its range
   */
  public static SegmentationLoss parse(String text, @Nullable Integer ignoreIndex) {
    List<Term> terms = new ArrayList<>();
    for (String part : text.split("\\+(?![^(]*\\))", -1)) {
      terms.add(term(part.strip(), text));
    }
    SegmentationLoss sum = null;
    for (Term term : terms) {
      KnownLoss known = KnownLoss.of(term, text);
      try {
        SegmentationLoss loss = known.loss(term, ignoreIndex);
        SegmentationLoss weighted = term.weight() == 1 ? loss : loss.times(term.weight());
        sum = sum == null ? weighted : sum.plus(weighted);
      } catch (IllegalArgumentException e) {
        throw new BadInputException("--loss '%s': %s".formatted(text, e.getMessage()), e);
      }
    }
    return Objects.requireNonNull(sum);
  }

  private static Term term(String part, String text) {
    Matcher matcher = TERM.matcher(part);
    if (!matcher.matches()) {
      throw new BadInputException(
          "--loss '%s': '%s' is no loss; write a sum such as dice+bce or 0.5*dice + focal(gamma=2)."
              .formatted(text, part));
    }
    String factor = matcher.group(1);
    double weight = factor == null ? 1 : number(factor.strip(), part, text);
    if (!(weight > 0)) {
      throw new BadInputException(
          "--loss '%s': the weight of %s is %s; give a number above 0."
              .formatted(text, matcher.group(2), weight));
    }
    Map<String, Double> parameters = new LinkedHashMap<>();
    String list = matcher.group(3);
    if (list != null && !list.isBlank()) {
      for (String assignment : list.split(",", -1)) {
        String[] sides = assignment.split("=", -1);
        if (sides.length != 2 || sides[0].isBlank()) {
          throw new BadInputException(
              "--loss '%s': '%s' is no parameter; write name=number."
                  .formatted(text, assignment.strip()));
        }
        if (parameters.put(sides[0].strip(), number(sides[1].strip(), part, text)) != null) {
          throw new BadInputException(
              "--loss '%s': %s is given twice in %s.".formatted(text, sides[0].strip(), part));
        }
      }
    }
    return new Term(weight, matcher.group(2), parameters);
  }

  private static double number(String word, String part, String text) {
    try {
      double value = Double.parseDouble(word);
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, with the expression around it
    }
    throw new BadInputException(
        "--loss '%s': '%s' in %s is no number.".formatted(text, word, part));
  }
}
