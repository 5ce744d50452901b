package dev.quern.simd.convolution;

import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;

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

  /** The first row of a part. */
  long firstRow(long part) {
    return part * rows() / count();
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
