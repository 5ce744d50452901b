package dev.quern.nn;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.op.Operation;
import dev.quern.op.spatial.AveragePool;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.op.spatial.MaxPool;
import dev.quern.op.spatial.Upsample;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import dev.quern.spi.spatial.Window;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules of operations on images against finite differences. */
class SpatialGradientsTest {
  private final Engine engine = Engine.open("reference");
  private Differences differences = new Differences(engine, 0);

  @BeforeEach
  void draw() {
    long seed = System.nanoTime();
    System.out.println("SpatialGradientsTest: seed " + seed);
    differences = new Differences(engine, seed);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static Tensor apply(Operation operation, List<Tensor> inputs) {
    return inputs.getFirst().engine().apply(operation, inputs).getFirst();
  }

  @Test
  void convolution() {
    List<Convolution> convolutions =
        List.of(
            new Convolution(new Window(3, 1, 1, 1), 1),
            new Convolution(new Window(3, 2, 1, 1), 1),
            new Convolution(new Window(1, 1, 0, 1), 1),
            new Convolution(new Window(3, 1, 2, 2), 2),
            new Convolution(new Window(2, 1, 3, 1), 4),
            new Convolution(new Window(1, 1, 0, 1), new Window(5, 3, 2, 1), 1, false),
            new Convolution(new Window(3, 1, 1, 1), new Window(3, 1, 1, 1), 1, true));
    for (Convolution convolution : convolutions) {
      Tensor x = differences.images(2, 4, 5, 6);
      Tensor weight =
          differences.values(
              4,
              4 / convolution.groups(),
              convolution.vertical().kernel(),
              convolution.horizontal().kernel());
      Tensor bias = differences.values(4);
      differences.check(convolution + "", in -> apply(convolution, in), x, weight, bias);
      differences.check(
          convolution + " of images alone",
          in -> apply(convolution, List.of(in.getFirst(), weight)),
          x);
      differences.check(
          convolution + " of weights alone",
          in -> apply(convolution, List.of(x, in.getFirst())),
          weight);
    }
    Convolution first = convolutions.getFirst();
    differences.check(
        "no images",
        in -> apply(first, in),
        differences.images(0, 2, 3, 3),
        differences.values(3, 2, 3, 3));
    differences.check(
        "one pixel",
        in -> apply(first, in),
        differences.images(1, 1, 1, 1),
        differences.values(1, 1, 3, 3));
  }

  @Test
  void convolutionTranspose() {
    for (int outputPadding = 0; outputPadding < 2; outputPadding++) {
      for (int groups = 1; groups < 3; groups++) {
        Window window = new Window(3, 2, 1, 1);
        var transposed =
            new ConvolutionTranspose(window, window, outputPadding, outputPadding, groups);
        differences.check(
            transposed + "",
            in -> apply(transposed, in),
            differences.images(2, 4, 3, 4),
            differences.values(4, 3, 3, 3));
      }
    }
  }

  @Test
  void pooling() {
    for (Window window : List.of(Window.of(2), new Window(3, 2, 1, 1), new Window(2, 1, 1, 2))) {
      Tensor x = differences.images(2, 3, 6, 5);
      differences.check("max " + window, in -> apply(new MaxPool(window, window), in), x);
      differences.check("average " + window, in -> apply(new AveragePool(window, window), in), x);
    }
  }

  @Test
  void upsampling() {
    for (Interpolation interpolation : Interpolation.values()) {
      Tensor x = differences.images(2, 3, 4, 5);
      differences.check(interpolation + "", in -> apply(new Upsample(interpolation, 2, 2), in), x);
      differences.check(
          interpolation + " 3 x 1", in -> apply(new Upsample(interpolation, 3, 1), in), x);
      differences.check(
          interpolation + " of one pixel",
          in -> apply(new Upsample(interpolation, 2, 3), in),
          differences.images(1, 2, 1, 1));
    }
  }

  @Test
  void batchNorm() {
    for (boolean relu : new boolean[] {false, true}) {
      Tensor x = differences.images(2, 3, 4, 5);
      Tensor weight = differences.values(3);
      Tensor bias = differences.values(3);
      Tensor mean = differences.values(3);
      Tensor variance = differences.values(3).abs();
      differences.check(
          "in training, relu " + relu,
          in -> apply(new BatchNorm(1e-5f, true, relu), in),
          x,
          weight,
          bias);
      differences.check(
          "in inference, relu " + relu,
          in ->
              apply(
                  new BatchNorm(1e-5f, false, relu),
                  List.of(in.get(0), in.get(1), in.get(2), mean, variance)),
          x,
          weight,
          bias);
    }
  }
}
