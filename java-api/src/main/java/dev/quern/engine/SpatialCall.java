package dev.quern.engine;

import dev.quern.Shape;
import dev.quern.engine.OperationCall.ScratchMemory;
import dev.quern.op.TensorType;
import dev.quern.op.spatial.AveragePool;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.op.spatial.MaxPool;
import dev.quern.op.spatial.SpatialOperation;
import dev.quern.op.spatial.TrackStatistics;
import dev.quern.op.spatial.Upsample;
import dev.quern.spi.Kernels;
import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.MaxPoolingPlan;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingPlan;
import java.util.List;
import java.util.function.Consumer;

/** The kernel calls of operations on images. */
final class SpatialCall {
  private final ScratchMemory memory;
  private final Kernels kernels;
  private final List<TensorType> types;
  private final List<Span> in;
  private final List<Span> out;

  SpatialCall(
      ScratchMemory memory,
      Kernels kernels,
      List<TensorType> types,
      List<Span> in,
      List<Span> out) {
    this.memory = memory;
    this.kernels = kernels;
    this.types = types;
    this.in = in;
    this.out = out;
  }

  OperationCall of(SpatialOperation operation, Plan plan) {
    return switch (operation) {
      case Convolution _ -> convolution((ConvolutionPlan) plan);
      case Convolution.InputGradient gradient ->
          inputGradient((ConvolutionPlan) plan, extent(gradient.images()));
      case Convolution.WeightGradient _ -> weightGradient((ConvolutionPlan) plan);
      case ConvolutionTranspose transposed ->
          inputGradient(
              (ConvolutionPlan) plan, extent(transposed.outputs(types).getFirst().shape()));
      case MaxPool _ -> {
        var pooling = (MaxPoolingPlan) plan;
        yield pooling(() -> pooling.forward(extent(0), in.get(0), out.get(0), out.get(1)));
      }
      case MaxPool.Gradient gradient -> {
        var pooling = (MaxPoolingPlan) plan;
        SpatialExtent images = extent(gradient.images());
        yield pooling(() -> pooling.backward(images, in.get(0), in.get(1), out.get(0)));
      }
      case AveragePool _ -> {
        var pooling = (AveragePoolingPlan) plan;
        yield pooling(() -> pooling.forward(extent(0), in.get(0), out.get(0)));
      }
      case AveragePool.Gradient gradient -> {
        var pooling = (AveragePoolingPlan) plan;
        SpatialExtent images = extent(gradient.images());
        yield pooling(() -> pooling.backward(images, in.get(0), out.get(0)));
      }
      case Upsample _ -> {
        var upsampling = (UpsamplingPlan) plan;
        yield new OperationCall(
            kernels.resampling(), () -> upsampling.forward(extent(0), in.get(0), out.get(0)));
      }
      case Upsample.Gradient gradient -> {
        var upsampling = (UpsamplingPlan) plan;
        SpatialExtent images = extent(gradient.outputs(types).getFirst().shape());
        yield new OperationCall(
            kernels.resampling(), () -> upsampling.backward(images, in.get(0), out.get(0)));
      }
      case BatchNorm norm -> batchNorm((BatchNormPlan) plan, norm.training());
      case BatchNorm.Gradient _ -> batchNormGradient((BatchNormPlan) plan);
      case TrackStatistics track -> track((BatchNormPlan) plan, track);
    };
  }

  private OperationCall convolution(ConvolutionPlan plan) {
    Span bias = in.size() == 3 ? in.get(2) : null;
    return convolve(
        plan,
        extent(0),
        scratch -> plan.forward(extent(0), in.get(0), in.get(1), bias, out.get(0), scratch));
  }

  private OperationCall inputGradient(ConvolutionPlan plan, SpatialExtent images) {
    return convolve(
        plan,
        images,
        scratch -> plan.inputGradient(images, in.get(0), in.get(1), out.get(0), scratch));
  }

  private OperationCall weightGradient(ConvolutionPlan plan) {
    return convolve(
        plan,
        extent(0),
        scratch -> plan.weightGradient(extent(0), in.get(0), in.get(1), out.get(0), scratch));
  }

  /** Adds to the gradient that is there. */
  OperationCall weightGradientAdd(ConvolutionPlan plan) {
    return convolve(
        plan,
        extent(0),
        scratch -> plan.weightGradientAdd(extent(0), in.get(0), in.get(1), out.get(0), scratch));
  }

  private OperationCall convolve(ConvolutionPlan plan, SpatialExtent images, Consumer<Span> work) {
    return new OperationCall(
        kernels.convolution(), () -> memory.lend(plan.scratchBytes(images), work));
  }

  private OperationCall pooling(Runnable work) {
    return new OperationCall(kernels.pooling(), work);
  }

  private OperationCall batchNorm(BatchNormPlan plan, boolean training) {
    long pixels = pixels(0);
    long channels = types.get(0).shape().dim(1);
    Span statistics = out.get(1);
    return new OperationCall(
        kernels.normalization(),
        () -> {
          if (training) {
            memory.lend(
                plan.scratchBytes(pixels, channels),
                scratch -> plan.statistics(pixels, channels, in.get(0), statistics, scratch));
          } else {
            plan.constants(channels, in.get(3), in.get(4), statistics);
          }
          plan.forward(pixels, channels, in.get(0), statistics, in.get(1), in.get(2), out.get(0));
        });
  }

  private OperationCall batchNormGradient(BatchNormPlan plan) {
    long pixels = pixels(1);
    long channels = types.get(1).shape().dim(1);
    return new OperationCall(
        kernels.normalization(),
        () ->
            memory.lend(
                plan.scratchBytes(pixels, channels),
                scratch ->
                    plan.backward(
                        pixels,
                        channels,
                        in.get(0),
                        in.get(1),
                        in.get(2),
                        in.get(3),
                        in.get(4),
                        out.get(0),
                        out.get(1),
                        out.get(2),
                        scratch)));
  }

  private OperationCall track(BatchNormPlan plan, TrackStatistics track) {
    return new OperationCall(
        kernels.normalization(),
        () -> {
          for (int i = 0; i < out.size(); i++) {
            if (!out.get(i).equals(in.get(i + 1))) {
              kernels.pointwise().copy(in.get(i + 1), out.get(i));
            }
          }
          plan.track(
              track.pixels(),
              out.get(0).length(),
              track.momentum(),
              in.get(0),
              out.get(0),
              out.get(1),
              out.get(2));
        });
  }

  private long pixels(int input) {
    SpatialExtent extent = extent(input);
    return extent.images() * extent.height() * extent.width();
  }

  private SpatialExtent extent(int input) {
    return extent(types.get(input).shape());
  }

  private static SpatialExtent extent(Shape shape) {
    return new SpatialExtent(shape.dim(0), shape.dim(2), shape.dim(3), shape.dim(1));
  }
}
