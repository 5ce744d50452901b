package dev.quern.bench.selftest;

import java.util.List;
import java.util.stream.IntStream;

/** One of several equal parts of a sequence that comes in lists: every so many-th element. */
final class Part {

  private final int number;
  private final int count;
  private int seen;

  /**
   * Chooses a part.
   *
   * @param number which, from 1
   * @param count how many parts there are
   */
  Part(int number, int count) {
    if (number < 1 || number > count) {
      throw new IllegalArgumentException(
          "A part is K/N with K from 1 to N, got " + number + "/" + count + ".");
    }
    this.number = number;
    this.count = count;
  }

  /** Reads {@code K/N}. */
  static Part parse(String text) {
    String[] numbers = text.split("/", -1);
    try {
      if (numbers.length == 2) {
        return new Part(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new IllegalArgumentException("A part is K/N, such as 1/4, got " + text + ".");
  }

  /** {@return those of the sequence's next elements that belong to this part, in their order} */
  synchronized <T> List<T> of(List<T> next) {
    int first = Math.floorMod(number - 1 - seen, count);
    seen += next.size();
    return IntStream.iterate(first, i -> i < next.size(), i -> i + count)
        .mapToObj(next::get)
        .toList();
  }
}
