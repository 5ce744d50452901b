package dev.quern.nn.tile;

/**
 * An axis that goes on behind its ends as in a mirror, the end itself not repeated: ... 2 1 0 1 2
 * ...
 *
 * @param extent the length of the axis
 * @param first the first place that is looked at
 * @param length how many from there
 */
public record Reflection(int extent, int first, int length) {

  /**
   * What of an axis a region looks at.
   *
   * @param from where the region begins, may be below 0
   * @param count its length, at least 1
   * @param extent the length of the axis, at least 1
   * @return the part of the axis that stands for the region
   */
  public static Reflection of(int from, int count, int extent) {
    int low = extent - 1;
    int high = 0;
    for (int i = from; i < from + count; i++) {
      int place = place(i, extent);
      low = Math.min(low, place);
      high = Math.max(high, place);
    }
    return new Reflection(extent, low, high - low + 1);
  }

  /**
   * The place on the axis that stands for one anywhere.
   *
   * @param i the place, may be below 0 or behind the end
   * @return from 0 to extent - 1
   */
  public int at(int i) {
    return place(i, extent);
  }

  /**
   * The place on an axis that stands for one anywhere.
   *
   * @param i the place, may be below 0 or behind the end
   * @param extent the length of the axis, at least 1
   * @return from 0 to extent - 1
   */
  public static int place(int i, int extent) {
    if (extent == 1) {
      return 0;
    }
    int period = 2 * (extent - 1);
    int within = Math.floorMod(i, period);
    return within < extent ? within : period - within;
  }
}
