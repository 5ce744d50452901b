package dev.quern.bench.golden;

import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.op.Operation;
import dev.quern.op.Standardize;
import dev.quern.op.spatial.AveragePool;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.op.spatial.MaxPool;
import dev.quern.op.spatial.Upsample;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import dev.quern.spi.spatial.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The operations of the suite {@code nn} by the names of its cases. */
final class NnOperations {
  /** Computes a case's output, CONTIGUOUS, of its inputs. */
  @FunctionalInterface
  private interface Function {
    Tensor of(GoldenCase golden, List<Tensor> inputs);
  }

  private static final Map<String, Function> FUNCTIONS =
      Map.ofEntries(
          Map.entry("matmul", (_, in) -> in.get(0).matmul(in.get(1))),
          Map.entry(
              "linear",
              (_, in) -> in.get(0).matmul(in.get(1), false, true).addBroadcast(in.get(2), 1)),
          Map.entry("conv2d", NnOperations::convolution),
          Map.entry("conv_transpose2d", NnOperations::convolutionTranspose),
          Map.entry("max_pool2d", (golden, in) -> pool(golden, in, true)),
          Map.entry("avg_pool2d", (golden, in) -> pool(golden, in, false)),
          Map.entry("upsample", NnOperations::upsample),
          Map.entry(
              "batch_norm",
              (golden, in) ->
                  images(
                      new BatchNorm(
                          (float) golden.param("eps", 1e-5), golden.param("training", true), false),
                      in)),
          Map.entry("group_norm", NnOperations::groupNorm),
          Map.entry("layer_norm", NnOperations::layerNorm),
          Map.entry("relu", (_, in) -> in.getFirst().relu()),
          Map.entry("leaky_relu", (_, in) -> in.getFirst().leakyRelu()),
          Map.entry("gelu", (_, in) -> in.getFirst().gelu()),
          Map.entry("silu", (_, in) -> in.getFirst().silu()),
          Map.entry("sigmoid", (_, in) -> in.getFirst().sigmoid()),
          Map.entry("tanh", (_, in) -> in.getFirst().tanh()),
          Map.entry("exp", (_, in) -> in.getFirst().exp()),
          Map.entry("softplus", (_, in) -> in.getFirst().softplus()),
          Map.entry("abs", (_, in) -> in.getFirst().abs()),
          Map.entry("log", (_, in) -> in.getFirst().log()),
          Map.entry("sqrt", (_, in) -> in.getFirst().sqrt()),
          Map.entry("softmax", (golden, in) -> in.getFirst().softmax(dim(golden))),
          Map.entry("log_softmax", (golden, in) -> in.getFirst().logSoftmax(dim(golden))),
          Map.entry("add", (_, in) -> in.get(0).add(in.get(1))),
          Map.entry("sub", (_, in) -> in.get(0).subtract(in.get(1))),
          Map.entry("mul", (_, in) -> in.get(0).multiply(in.get(1))),
          Map.entry(
              "div-abs-plus-half",
              (_, in) -> {
                Tensor half = in.get(1).engine().tensor(new float[] {0.5f}, 1);
                return in.get(0).divide(in.get(1).abs().add(half));
              }),
          Map.entry(
              "sum",
              (golden, in) ->
                  in.getFirst().sum(golden.param("keepdim", false), golden.intsParam("dims"))),
          Map.entry(
              "mean",
              (golden, in) ->
                  in.getFirst().mean(golden.param("keepdim", false), golden.intsParam("dims"))),
          Map.entry("max", (golden, in) -> in.getFirst().max(dim(golden))),
          Map.entry("cat", (golden, in) -> in.get(0).concat(dim(golden), in.get(1))),
          Map.entry("permute", (golden, in) -> in.getFirst().permute(golden.intsParam("dims"))));

  private NnOperations() {}

  static boolean has(GoldenCase golden) {
    return FUNCTIONS.containsKey(name(golden));
  }

  static Tensor apply(GoldenCase golden, List<Tensor> inputs) {
    Function function = FUNCTIONS.get(name(golden));
    if (function == null) {
      throw new IllegalArgumentException("There is no operation " + name(golden) + ".");
    }
    return function.of(golden, inputs);
  }

  private static String name(GoldenCase golden) {
    return golden.get("name").stringValue();
  }

  private static int number(GoldenCase golden, String key, int fallback) {
    return (int) golden.param(key, (double) fallback);
  }

  private static int dim(GoldenCase golden) {
    return number(golden, "dim", 0);
  }

  /** Brings the images' channels last before, and back behind. */
  private static Tensor images(Operation operation, List<Tensor> inputs) {
    var operands = new ArrayList<>(inputs);
    operands.set(0, inputs.getFirst().channelsLast());
    return inputs.getFirst().engine().apply(operation, operands).getFirst().contiguous();
  }

  private static Tensor convolution(GoldenCase golden, List<Tensor> in) {
    int kernel = (int) in.get(1).shape().dim(2);
    var window =
        new Window(
            kernel,
            number(golden, "stride", 1),
            number(golden, "padding", 0),
            number(golden, "dilation", 1));
    return images(new Convolution(window, number(golden, "groups", 1)), in);
  }

  private static Tensor convolutionTranspose(GoldenCase golden, List<Tensor> in) {
    int kernel = (int) in.get(1).shape().dim(2);
    var window = new Window(kernel, number(golden, "stride", 1), number(golden, "padding", 0), 1);
    int more = number(golden, "output_padding", 0);
    var transposed = new ConvolutionTranspose(window, window, more, more, 1);
    return images(transposed, in.subList(0, 2)).addBroadcast(in.get(2), 1);
  }

  private static Tensor pool(GoldenCase golden, List<Tensor> in, boolean max) {
    int kernel = number(golden, "kernel", 2);
    var window =
        new Window(kernel, number(golden, "stride", kernel), number(golden, "padding", 0), 1);
    return images(max ? new MaxPool(window, window) : new AveragePool(window, window), in);
  }

  private static Tensor upsample(GoldenCase golden, List<Tensor> in) {
    int scale = number(golden, "scale", 2);
    Interpolation interpolation =
        golden.param("mode", "nearest").equals("nearest")
            ? Interpolation.NEAREST
            : golden.param("align_corners", false)
                ? Interpolation.BILINEAR_ALIGNED
                : Interpolation.BILINEAR;
    return images(new Upsample(interpolation, scale, scale), in);
  }

  private static Tensor groupNorm(GoldenCase golden, List<Tensor> in) {
    Tensor x = in.getFirst();
    Shape shape = x.shape();
    long rows = shape.dim(0) * number(golden, "groups", 1);
    Tensor standard = standardize(golden, x.reshape(rows, shape.elements() / rows)).reshape(shape);
    Tensor weight = in.get(1).reshape(shape.dim(1), 1, 1);
    return standard.multiply(weight).addBroadcast(in.get(2), 1);
  }

  private static Tensor layerNorm(GoldenCase golden, List<Tensor> in) {
    return standardize(golden, in.getFirst()).multiply(in.get(1)).addBroadcast(in.get(2), -1);
  }

  private static Tensor standardize(GoldenCase golden, Tensor x) {
    var operation = new Standardize((float) golden.param("eps", 1e-5));
    return x.engine().apply(operation, List.of(x)).getFirst();
  }
}
