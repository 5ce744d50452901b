package dev.quern.spi.spatial;

/**
 * How a window moves along one axis.
 *
 * @param kernel the elements it takes, at least 1
 * @param stride how far it moves, at least 1
 * @param padding how far it begins before the first element and may end behind the last, at least 0
 * @param dilation the distance of its elements, at least 1
 */
public record Window(int kernel, int stride, int padding, int dilation) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is below its least
   */
  public Window {
    if (kernel < 1 || stride < 1 || dilation < 1 || padding < 0) {
      throw new IllegalArgumentException(
          "Kernel, stride and dilation of a window are at least 1 and its padding at least 0, got %d, %d, %d and %d."
              .formatted(kernel, stride, dilation, padding));
    }
  }

  /**
   * Makes the window of plain pooling: it moves by its own size.
   *
   * @param size kernel and stride
   * @return the window, without padding
   */
  public static Window of(int size) {
    return new Window(size, size, 0, 1);
  }

  /**
   * Returns how many places the window has.
   *
   * @param extent the length of the axis
   * @return the length of the result's axis, rounded down
   * @throws IllegalArgumentException if the window does not fit once
   */
  public long outputs(long extent) {
    long reach = reach();
    if (extent + 2L * padding < reach) {
      throw new IllegalArgumentException(
          "A window that reaches over %d elements does not fit into an axis of %d with a padding of %d."
              .formatted(reach, extent, padding));
    }
    return (extent + 2L * padding - reach) / stride + 1;
  }

  /**
   * Tells over how many elements the window reaches.
   *
   * @return from the first to the last that it takes
   */
  public long reach() {
    return (kernel - 1L) * dilation + 1;
  }

  /** Poolings look past an end at most half the window, so that each has an element. */
  void requireHalf() {
    if (padding > reach() / 2) {
      throw new IllegalArgumentException(
          "The padding of a pooling window is at most half of its reach of %d, got %d."
              .formatted(reach(), padding));
    }
  }
}
