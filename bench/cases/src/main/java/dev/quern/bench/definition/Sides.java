package dev.quern.bench.definition;

/**
 * Answers the comparisons on which a definition jumps. As long as the two numbers differ by more
 * than rounding makes them, the answer is theirs. Where they do not, either side is right: the
 * first pass takes the exact answer, further ones the others, until all combinations have been
 * tried.
 */
public final class Sides {
  private static final int CHOICES = 3;
  private static final int MOST_QUESTIONS = 8;

  private int path;
  private int asked;

  /** Starts at the exact answers. */
  public Sides() {}

  /**
   * Compares.
   *
   * @param a a number
   * @param b another
   * @param slack by how much rounding may change their difference
   * @return -1 if a is less, 1 if it is greater, 0 if they are equal
   */
  int compare(double a, double b, double slack) {
    int exact = Double.compare(a - b, 0.0);
    exact = a == b ? 0 : exact;
    if (!(Math.abs(a - b) <= slack) || slack == 0) {
      return exact;
    }
    return switch (choice()) {
      case 0 -> exact;
      case 1 -> exact == 0 ? -1 : -exact;
      default -> exact == 0 ? 1 : 0;
    };
  }

  /** Whether a is less than b. */
  boolean less(double a, double b, double slack) {
    return compare(a, b, slack) < 0;
  }

  private int choice() {
    int question = asked++;
    if (question >= MOST_QUESTIONS) {
      return 0;
    }
    int rest = path;
    for (int i = 0; i < question; i++) {
      rest /= CHOICES;
    }
    return rest % CHOICES;
  }

  /** Starts the next combination of answers from its first question. */
  void again() {
    asked = 0;
  }

  /**
   * Goes on to the next combination.
   *
   * @return whether there is one
   */
  boolean next() {
    int combinations = 1;
    for (int i = 0; i < Math.min(asked, MOST_QUESTIONS); i++) {
      combinations *= CHOICES;
    }
    asked = 0;
    path++;
    return path < combinations;
  }
}
