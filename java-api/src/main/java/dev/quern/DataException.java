package dev.quern;

import org.jspecify.annotations.Nullable;

/**
 * Data given to a kernel was faulty, for example a label out of range. It is found on the device
 * and reported to whoever reads the result that it belongs to; the faulty elements counted as
 * ignored.
 */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what was wrong, the first index where, and the remedy
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * Reports a target that is neither 0 nor 1.
   *
   * @param index the first faulty element
   * @param target the target's dtype
   * @param ignoreIndex the value that is left out, null for none
   * @return the exception
   */
  public static DataException binaryTarget(
      long index, DType target, @Nullable Integer ignoreIndex) {
    return new DataException(
        "A target is neither 0 nor 1%s, first at element %d; map the targets to 0 and 1, or %s.%s"
            .formatted(
                ignoreIndex == null ? "" : " nor the ignore index " + ignoreIndex,
                index,
                remedy(ignoreIndex),
                unsigned(target, ignoreIndex)));
  }

  /**
   * Reports a label that is no class.
   *
   * @param index the first faulty element
   * @param classes the number of classes
   * @param labels the labels' dtype
   * @param ignoreIndex the label that is left out, null for none
   * @return the exception
   */
  public static DataException classLabel(
      long index, int classes, DType labels, @Nullable Integer ignoreIndex) {
    return new DataException(
        "A label is not one of the %d classes, 0 to %d%s, first at element %d; map the labels to the classes, or %s.%s"
            .formatted(
                classes,
                classes - 1,
                ignoreIndex == null ? "" : ", nor the ignore index " + ignoreIndex,
                index,
                remedy(ignoreIndex),
                unsigned(labels, ignoreIndex)));
  }

  private static String remedy(@Nullable Integer ignoreIndex) {
    return ignoreIndex == null ? "set ignoreIndex" : "change ignoreIndex";
  }

  /** What those forget whose bytes are negative in Java. */
  private static String unsigned(DType dtype, @Nullable Integer ignoreIndex) {
    if (dtype != DType.U8) {
      return "";
    }
    return ignoreIndex == null || (ignoreIndex >= 0 && ignoreIndex <= 255)
        ? " Bytes are read as unsigned: (byte) -1 is 255."
        : " Bytes are read as unsigned, 0 to 255, so none is %d: (byte) %d is %d, which ignoreIndex(%d) leaves out."
            .formatted(ignoreIndex, (byte) (int) ignoreIndex, ignoreIndex & 255, ignoreIndex & 255);
  }
}
