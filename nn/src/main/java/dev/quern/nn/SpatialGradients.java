package dev.quern.nn;

import static dev.quern.nn.Rule.input;
import static dev.quern.nn.Rule.output;
import static dev.quern.nn.Rule.rule;

import dev.quern.Tensor;
import dev.quern.op.AddBroadcast;
import dev.quern.op.spatial.AveragePool;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.op.spatial.MaxPool;
import dev.quern.op.spatial.SpatialOperation;
import dev.quern.op.spatial.TrackStatistics;
import dev.quern.op.spatial.Upsample;

/** The rules of operations on images. */
final class SpatialGradients {
  private static final AddBroadcast.VectorGradient BIAS =
      new AddBroadcast.VectorGradient(new AddBroadcast(1));

  private SpatialGradients() {}

  static Rule of(SpatialOperation operation) {
    return switch (operation) {
      case Convolution convolution ->
          convolution.relu()
              ? rule(u -> convolution(u, convolution), input(1, 0), input(0, 1), output(0))
              : rule(u -> convolution(u, convolution), input(1, 0), input(0, 1));
      case ConvolutionTranspose transposed ->
          rule(u -> transposed(u, transposed.convolution()), input(1, 0), input(0, 1));
      case MaxPool pooling ->
          rule(
              u ->
                  u.give(
                      0,
                      new MaxPool.Gradient(pooling, u.type(0).shape()),
                      u.gradient(),
                      u.output(1)),
              output(1));
      case AveragePool pooling ->
          rule(u -> u.give(0, new AveragePool.Gradient(pooling, u.type(0).shape()), u.gradient()));
      case Upsample upsampling ->
          rule(u -> u.give(0, new Upsample.Gradient(upsampling), u.gradient()));
      case BatchNorm norm ->
          rule(
              u ->
                  u.giveAll(
                      new BatchNorm.Gradient(norm),
                      u.gradient(),
                      u.input(0),
                      u.output(1),
                      u.input(1),
                      u.input(2)),
              input(0),
              input(1),
              input(2),
              output(1));
      case TrackStatistics _ -> Rule.NONE;
      case Convolution.InputGradient _,
          Convolution.WeightGradient _,
          MaxPool.Gradient _,
          AveragePool.Gradient _,
          Upsample.Gradient _,
          BatchNorm.Gradient _ ->
          Gradients.second(operation);
    };
  }

  private static void convolution(Unwinding u, Convolution convolution) {
    Tensor g = u.gradient();
    if (convolution.relu()) {
      g = g.where(u.output(0));
    }
    if (u.wants(0)) {
      var gradient = new Convolution.InputGradient(convolution, u.type(0).shape());
      u.give(0, gradient, g, u.input(1));
    }
    if (u.wants(1)) {
      var gradient = new Convolution.WeightGradient(convolution, u.type(1).shape());
      u.give(1, gradient, u.input(0), g);
    }
    if (u.inputs() == 3) {
      u.give(2, BIAS, g);
    }
  }

  /** Its gradient is the convolution that it is the gradient of. */
  private static void transposed(Unwinding u, Convolution convolution) {
    if (u.wants(0)) {
      u.give(0, convolution, u.gradient(), u.input(1));
    }
    if (u.wants(1)) {
      var gradient = new Convolution.WeightGradient(convolution, u.type(1).shape());
      u.give(1, gradient, u.gradient(), u.input(0));
    }
  }
}
