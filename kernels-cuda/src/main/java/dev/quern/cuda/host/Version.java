package dev.quern.cuda.host;

/**
 * A version of CUDA.
 *
 * @param major for example 13
 * @param minor for example 0
 */
public record Version(int major, int minor) implements Comparable<Version> {
  /** Decodes the driver's way of writing it: 13000 is 13.0, 12080 is 12.8. */
  static Version ofDriver(int number) {
    return new Version(number / 1000, number % 1000 / 10);
  }

  @Override
  public int compareTo(Version other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
