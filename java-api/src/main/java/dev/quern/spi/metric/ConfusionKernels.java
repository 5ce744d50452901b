package dev.quern.spi.metric;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/** Exact confusion counts. All of them are whole numbers, so their order cannot matter. */
public interface ConfusionKernels extends KernelFamily {
  /**
   * Returns how much scratch memory {@link #count} needs.
   *
   * @param elements the number of elements counted
   * @param inner neighbouring elements of one row, at least 1
   * @return bytes, at least 1
   */
  long scratchBytes(long elements, long inner);

  /**
   * Adds binary counts to rows {tn, fp, fn, tp}: element i belongs to row {@code (i / inner) %
   * rows} and adds 1 to {@code counts[row][2 * target + predicted]}. With one row everything is
   * counted together; per image a row is an image and {@code inner} its size; per class of (N, C,
   * ...) a row is a class and {@code inner} the size of a plane.
   *
   * <p>predicted = predictions &gt;= cut, so NaN counts as negative. A target equal to {@code
   * ignoreIndex} is left out; so is any other target that is neither 0 nor 1, and the first such
   * index is left in {@code fault} by a minimum.
   *
   * @param operands what is counted, and where
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void count(@Written(afterReading = true) CountOperands operands, Span scratch);

  /**
   * Returns how much scratch memory {@link #matrix} needs.
   *
   * @param pixels the number of targets
   * @return bytes, at least 1
   */
  long matrixScratchBytes(long pixels);

  /**
   * Adds to a multiclass confusion matrix: each pixel adds 1 to {@code counts[target * classes +
   * predicted]}. Of scores the predicted class is the first with the greatest one, where NaN is
   * greater than any number. A target equal to {@code ignoreIndex} is left out, even if it is a
   * class. So is a pixel whose target or predicted label is no class; the first such index is left
   * in {@code fault} by a minimum.
   *
   * @param operands what is counted, and where
   * @param scratch U8, at least {@link #matrixScratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void matrix(@Written(afterReading = true) MatrixCountOperands operands, Span scratch);
}
