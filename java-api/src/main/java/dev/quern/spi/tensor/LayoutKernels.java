package dev.quern.spi.tensor;

import dev.quern.DType;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.Written;

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
}
