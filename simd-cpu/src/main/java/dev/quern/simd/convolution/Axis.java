package dev.quern.simd.convolution;

import dev.quern.spi.spatial.Window;

/**
 * One axis of a {@link Correlation}. Result {@code i} sees, with tap {@code t}, the place {@code
 * origin + i * step + t * dilation} of the source spread out: its elements {@code spacing} apart
 * and zeros between them. Forward, the source is not spread; for the gradient of the operand the
 * result's gradient is, by the stride, and the results lie close.
 *
 * @param source elements of the source
 * @param results elements of the result
 * @param origin the place of the first tap of the first result, negative in the padding
 * @param kernel taps
 * @param dilation from one tap to the next
 * @param step from one result to the next
 * @param spacing from one element of the source to the next
 */
record Axis(
    long source, long results, long origin, int kernel, int dilation, int step, int spacing) {

  static Axis forward(Window window, long extent) {
    return new Axis(
        extent,
        window.outputs(extent),
        -window.padding(),
        window.kernel(),
        window.dilation(),
        window.stride(),
        1);
  }

  /** The taps are in reverse. */
  static Axis inputGradient(Window window, long extent) {
    return new Axis(
        window.outputs(extent),
        extent,
        window.padding() - (window.reach() - 1),
        window.kernel(),
        window.dilation(),
        1,
        window.stride());
  }

  /** The place of the first tap of a result. */
  long place(long result) {
    return origin + result * step;
  }

  /** How many places some neighbouring results see together. */
  long span(int neighbours) {
    return (neighbours - 1L) * step + (kernel - 1L) * dilation + 1;
  }
}
