package dev.quern.spi.tensor;

import dev.quern.DType;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.Written;
import java.util.List;

/** Changes of the order in which elements lie; they are moved and not computed with. */
public interface LayoutKernels extends KernelFamily {
  /**
   * Tells whether the family moves elements of a dtype.
   *
   * @param dtype the dtype
   * @return yes: only its size matters, which is 1, 2, 4 or 8 bytes
   */
  @Override
  default Support support(DType dtype) {
    return Support.yes();
  }

  /**
   * out[i, c, r] = x[i, r, c]: the transpose of each of several matrices. Images in planes become
   * images with their channels last by (channels, pixels), and come back by (pixels, channels).
   *
   * @param x the matrices, of any dtype, row-major one after another
   * @param count how many there are
   * @param rows the rows of each in {@code x}
   * @param columns the columns of each in {@code x}
   * @param out the result, of the same dtype and length, not overlapping {@code x}
   */
  void transpose(Span x, long count, long rows, long columns, @Written Span out);

  /**
   * Copies what a view selects: the result lies densely in the order of the view's axes. With
   * strides of 0 elements are repeated, with strides in another order axes are exchanged.
   *
   * @param view which elements of {@code x}, in which order
   * @param x the operand, of any dtype
   * @param out the result, of the same dtype and as long as the view, not overlapping {@code x}
   */
  void copyStrided(StridedView view, Span x, @Written Span out);

  /**
   * Joins matrices of equally many rows: each row of the result is the rows of all, one behind the
   * other.
   *
   * @param rows how many
   * @param x the matrices, of any dtype, at least one, each of a multiple of {@code rows} elements
   * @param out the result, of the same dtype and as long as all together, overlapping none
   */
  void concat(long rows, List<Span> x, @Written Span out);
}
