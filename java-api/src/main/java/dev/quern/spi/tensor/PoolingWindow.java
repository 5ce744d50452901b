package dev.quern.spi.tensor;

/**
 * How a window moves along one axis.
 *
 * @param kernel the elements it takes, at least 1
 * @param stride how far it moves, at least 1
 * @param padding how far it begins before the first element and may end behind the last, at most
 *     half of its reach
 * @param dilation the distance of its elements, at least 1
 */
public record PoolingWindow(int kernel, int stride, int padding, int dilation) {
  /** Checks the numbers. */
  public PoolingWindow {
    if (kernel < 1 || stride < 1 || dilation < 1) {
      throw new IllegalArgumentException(
          "Kernel, stride and dilation of a pooling window are at least 1, got %d, %d and %d."
              .formatted(kernel, stride, dilation));
    }
    long reach = (kernel - 1L) * dilation + 1;
    if (padding < 0 || padding > reach / 2) {
      throw new IllegalArgumentException(
          "The padding of a pooling window is at most half of its reach of %d, got %d."
              .formatted(reach, padding));
    }
  }

  /**
   * Makes the window of plain pooling: it moves by its own size.
   *
   * @param size kernel and stride
   * @return the window, without padding
   */
  public static PoolingWindow of(int size) {
    return new PoolingWindow(size, size, 0, 1);
  }

  /**
   * Returns how many places the window has.
   *
   * @param extent the length of the axis
   * @return the length of the result's axis, rounded down
   * @throws IllegalArgumentException if the window does not fit once
   */
  public long outputs(long extent) {
    long reach = (kernel - 1L) * dilation + 1;
    if (extent + 2L * padding < reach) {
      throw new IllegalArgumentException(
          "A pooling window that reaches over %d elements does not fit into an axis of %d with a padding of %d."
              .formatted(reach, extent, padding));
    }
    return (extent + 2L * padding - reach) / stride + 1;
  }
}
