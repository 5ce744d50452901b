package dev.quern.simd.convolution;

import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;

/**
 * Sums of products of neighbouring pixels with weights: what the forward pass is, and the gradient
 * of the operand too, with the weights turned around. So both run on the same tiles.
 *
 * @param images how many
 * @param vertical rows
 * @param horizontal columns
 * @param groups parts of the channels that do not see each other
 * @param inputs channels of the source in a group
 * @param outputs channels of the result in a group
 */
record Correlation(
    long images, Axis vertical, Axis horizontal, int groups, int inputs, int outputs) {

  static Correlation forward(ConvolutionSpec spec, SpatialExtent in) {
    return new Correlation(
        in.images(),
        Axis.forward(spec.vertical(), in.height()),
        Axis.forward(spec.horizontal(), in.width()),
        spec.groups(),
        Math.toIntExact(spec.inputs() / spec.groups()),
        Math.toIntExact(spec.outputs() / spec.groups()));
  }

  static Correlation inputGradient(ConvolutionSpec spec, SpatialExtent in) {
    return new Correlation(
        in.images(),
        Axis.inputGradient(spec.vertical(), in.height()),
        Axis.inputGradient(spec.horizontal(), in.width()),
        spec.groups(),
        Math.toIntExact(spec.outputs() / spec.groups()),
        Math.toIntExact(spec.inputs() / spec.groups()));
  }

  /** Numbers of a pixel of the source. */
  int channels() {
    return groups * inputs;
  }

  /** Numbers of a pixel of the result. */
  int results() {
    return groups * outputs;
  }

  /** Weights of one output of a group. */
  int taps() {
    return vertical.kernel() * inputs * horizontal.kernel();
  }

  /** Multiplications, roughly: what the work is measured by. */
  double products() {
    return (double) images * vertical.results() * horizontal.results() * results() * taps();
  }
}
