package dev.quern.train.message;

/** Numbers of things in words. */
public final class Count {

  private Count() {}

  /**
   * A number with its thing.
   *
   * @param count how many
   * @param thing in the singular, whose plural ends in s
   * @return such as {@code 1 image} and {@code 20 images}
   */
  public static String of(long count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }
}
