package dev.quern.simd.convolution;

import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;

/**
 * How the sums of a weight gradient are cut: into parts of neighbouring rows of results, counted
 * through all images, by the shape alone. A part's sums are (group, tap, input, output), the
 * outputs of a group filled up to whole vectors.
 *
 * @param spec the convolution
 * @param in the shape of the operand
 * @param result the shape of the result
 */
record WeightGradientParts(ConvolutionSpec spec, SpatialExtent in, SpatialExtent result) {
  private static final long MOST = 16;

  /** With fewer pixels in a part, adding the parts would take too much of the time. */
  private static final long PIXELS = 1024;

  /** Elements of both operands that are staged at a time, 384 KB, if a row fits. */
  private static final long STAGED = 96 << 10;

  WeightGradientParts(ConvolutionSpec spec, SpatialExtent in) {
    this(spec, in, spec.result(in));
  }

  /** All rows of results. */
  long rows() {
    return result.images() * result.height();
  }

  /** How many parts there are, 0 if there is nothing to sum. */
  long count() {
    long most = Math.min(MOST, Math.max(1, rows() * result.width() / PIXELS));
    return Math.min(rows(), most);
  }

  /** The first row of a part, counted through all images. */
  long start(long part) {
    return part * rows() / count();
  }

  /** Rows of results that are staged at a time; the same for all widths of vectors. */
  int band() {
    Window vertical = spec.vertical();
    long row = in.width() * in.channels();
    long gradients = result.width() * spec.groups() * ((outputs() + 15L) / 16 * 16);
    long left = STAGED - (vertical.reach() - vertical.stride()) * row;
    return Math.clamp(left / Math.max(1, row * vertical.stride() + gradients), 1, 64);
  }

  /**
   * Tells whether the three taps of a row are summed together. Then the columns of a band where all
   * three are inside the image come after those before them and before those behind them. With more
   * outputs than the widest vector has lanes it brings nothing.
   */
  boolean sharesTaps() {
    Window window = spec.horizontal();
    return window.kernel() == 3
        && window.stride() == 1
        && window.dilation() == 1
        && outputs() <= 16;
  }

  /** The first column of results whose tap is not before the image. */
  int firstColumn(int tap) {
    return (int) first(spec.horizontal(), tap);
  }

  /** One past the last column of results whose tap is not behind the image. */
  int endColumn(int tap) {
    return (int) end(spec.horizontal(), tap, in.width(), result.width());
  }

  /** The first row of results whose tap is not above the image. */
  long firstRow(int tap) {
    return first(spec.vertical(), tap);
  }

  /** One past the last row of results whose tap is not below the image. */
  long endRow(int tap) {
    return end(spec.vertical(), tap, in.height(), result.height());
  }

  private static long first(Window window, int tap) {
    long missing = window.padding() - (long) tap * window.dilation();
    return Math.max(0, Math.ceilDiv(missing, window.stride()));
  }

  private static long end(Window window, int tap, long extent, long results) {
    long last = extent - 1 + window.padding() - (long) tap * window.dilation();
    return Math.min(results, Math.floorDiv(last, window.stride()) + 1);
  }

  /** The column of the first of three taps from which on all are inside. */
  int firstShared() {
    return Math.max(firstColumn(0), Math.max(firstColumn(1) + 1, firstColumn(2) + 2));
  }

  /** One past the last; at least {@link #firstShared}. */
  int endShared() {
    int end = Math.min(endColumn(0), Math.min(endColumn(1) + 1, endColumn(2) + 2));
    return Math.max(firstShared(), end);
  }

  int inputs() {
    return Math.toIntExact(spec.inputs() / spec.groups());
  }

  int outputs() {
    return Math.toIntExact(spec.outputs() / spec.groups());
  }

  int padded() {
    return Panels.padded(outputs());
  }

  int taps() {
    return spec.vertical().kernel() * spec.horizontal().kernel();
  }

  /** The sums of a part. */
  int size() {
    return Math.toIntExact((long) spec.groups() * taps() * inputs() * padded());
  }

  long bytes() {
    return 4 * count() * size();
  }

  /** Multiplications, roughly: what the work is measured by. */
  double products() {
    return (double) result.elements() * inputs() * taps();
  }
}
