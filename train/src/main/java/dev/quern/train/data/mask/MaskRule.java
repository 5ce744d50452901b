package dev.quern.train.data.mask;

import dev.quern.train.message.BadInputException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pixels of a mask file are the object.
 *
 * @param kind what is looked at
 * @param above the sample value above which a pixel is the object, of {@link Kind#ABOVE}
 * @param values palette indices or grey values of {@link Kind#VALUES}, 0xRRGGBB of {@link
 *     Kind#COLOURS}
 * @param ignored the palette index or grey value of pixels that neither train nor score, or null
 */
public record MaskRule(Kind kind, float above, Set<Integer> values, @Nullable Integer ignored) {

  /** What decides. */
  public enum Kind {
    /** Not black; in a lossy file, brighter than half of the range. */
    AUTO,
    /** Any colour but black. */
    NOT_BLACK,
    /** Brighter than a sample value. */
    ABOVE,
    /** At least half opaque. */
    ALPHA,
    /** One of some palette indices or grey values. */
    VALUES,
    /** One of some colours. */
    COLOURS
  }

  /** Not black, or brighter than half in lossy files; nothing is ignored. */
  public static final MaskRule AUTO = new MaskRule(Kind.AUTO, 0, Set.of(), null);

  private static final String WORDS =
      "auto, not-black, above=127, alpha, values=1,2 (grey values or palette indices) or"
          + " colours=ff0000,00ff00";

  /** Copies the values. */
  public MaskRule {
    values = Set.copyOf(values);
  }

  /**
   * Reads a rule.
   *
   * @param text {@code auto}, {@code not-black}, {@code above=T}, {@code alpha}, {@code
   *     values=V,...} or {@code colours=RRGGBB,...}
   * @param ignored the value of void pixels, or null
   * @return the rule
   * @throws BadInputException when it is none of them
   */
  public static MaskRule parse(String text, @Nullable Integer ignored) {
    String[] parts = text.trim().toLowerCase(Locale.ROOT).split("=", 2);
    String value = parts.length == 2 ? parts[1].trim() : "";
    try {
      MaskRule rule =
          switch (parts[0].trim()) {
            case "auto" -> of(Kind.AUTO, parts, ignored);
            case "not-black" -> of(Kind.NOT_BLACK, parts, ignored);
            case "alpha" -> of(Kind.ALPHA, parts, ignored);
            case "above" -> new MaskRule(Kind.ABOVE, Float.parseFloat(value), Set.of(), ignored);
            case "values" -> new MaskRule(Kind.VALUES, 0, numbers(value, 10), ignored);
            case "colours", "colors" -> new MaskRule(Kind.COLOURS, 0, numbers(value, 16), ignored);
            default -> throw new IllegalArgumentException();
          };
      if (Float.isNaN(rule.above)) {
        throw new IllegalArgumentException();
      }
      return rule;
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          "--mask-rule '%s' is no rule; give %s.".formatted(text, WORDS), e);
    }
  }

  private static MaskRule of(Kind kind, String[] parts, @Nullable Integer ignored) {
    if (parts.length > 1) {
      throw new IllegalArgumentException();
    }
    return new MaskRule(kind, 0, Set.of(), ignored);
  }

  private static Set<Integer> numbers(String list, int radix) {
    List<String> words =
        Arrays.stream(list.split(",", -1)).map(word -> word.trim().replaceFirst("^#", "")).toList();
    Set<Integer> numbers = new HashSet<>();
    for (String word : words) {
      numbers.add(Integer.parseUnsignedInt(word, radix));
    }
    return numbers;
  }
}
