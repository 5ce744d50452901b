package dev.quern.spi.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Elements of a span in some order: element (i0, i1, ...) lies at {@code offset + i0 * strides[0] +
 * i1 * strides[1] + ...}. Axes of one element and axes that continue each other are merged, so
 * equal orders are equal views.
 *
 * @param extents of the axes, the outermost first
 * @param strides of the axes, in elements, at least 0
 * @param offset of the first element
 */
public record StridedView(List<Long> extents, List<Long> strides, long offset) {
  /** The most axes that a view has once they are merged. */
  public static final int MOST_AXES = 6;

  /**
   * Merges what can be merged.
   *
   * @throws IllegalArgumentException if more than {@link #MOST_AXES} axes remain
   */
  public StridedView {
    var lengths = new ArrayList<Long>();
    var steps = new ArrayList<Long>();
    for (int i = extents.size() - 1; i >= 0; i--) {
      long extent = extents.get(i);
      long stride = strides.get(i);
      int last = lengths.size() - 1;
      if (extent == 1) {
        continue;
      }
      if (last >= 0 && stride == lengths.get(last) * steps.get(last)) {
        lengths.set(last, lengths.get(last) * extent);
      } else {
        lengths.add(extent);
        steps.add(stride);
      }
    }
    if (lengths.size() > MOST_AXES) {
      throw new IllegalArgumentException(
          "A tensor's elements can be taken in the order of at most %d axes, but %s with the strides %s have %d."
              .formatted(MOST_AXES, extents, strides, lengths.size()));
    }
    extents = List.copyOf(lengths.reversed());
    strides = List.copyOf(steps.reversed());
  }

  /**
   * Counts the elements.
   *
   * @return the product of the extents, 1 without axes
   */
  public long elements() {
    long elements = 1;
    for (long extent : extents) {
      elements *= extent;
    }
    return elements;
  }
}
