package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.nn.Tape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.nn.unet.FoldedUNet;
import dev.quern.nn.unet.UNet;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The suite {@code unet}: a network with PyTorch's weights, its logits in prediction and training,
 * and a few steps of Adam.
 */
final class UnetCheck implements GoldenCheck {
  private static final Tolerance NETWORK =
      new Tolerance("network 1e-4", (e, largest) -> 1e-4 * largest);

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    var shape =
        new UNet.Shape(
            number(golden, "width"),
            number(golden, "depth"),
            number(golden, "in_channels"),
            number(golden, "classes"));
    try (UNet unet = new UNet(engine, shape, 0);
        Adam adam =
            Adam.builder(unet.parameters())
                .options(new AdamOptions().withLr(golden.param("lr", 1e-3)))
                .build()) {
      Weights.load(file(golden, "weights").tensors(), unet.parameters());
      return predicts(engine, golden, unet)
          .or(() -> trains(engine, golden, unet, adam))
          .or(() -> weights(golden, unet.parameters()))
          .or(() -> moments(golden, adam));
    }
  }

  private static int number(GoldenCase golden, String name) {
    return (int) golden.param(name, 1.0);
  }

  private static Safetensors file(GoldenCase golden, String name) {
    try (InputStream in = golden.files().open(golden.param(name, ""))) {
      return Safetensors.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As it is, and with the normalizations folded into the convolutions. */
  private static Optional<String> predicts(Engine engine, GoldenCase golden, UNet unet) {
    GoldenArray expected = golden.array("logits_eval");
    return engine.scoped(() -> {
      Tensor x = golden.array("input").upload(engine);
      Optional<String> failure = expected.compare("logits", unet.predict(x), NETWORK);
      if (failure.isPresent()) {
        return failure;
      }
      try (FoldedUNet folded = unet.folded()) {
        return expected.compare("logits of the folded network", folded.predict(x), NETWORK);
      }
    });
  }

  private static Optional<String> trains(Engine engine, GoldenCase golden, UNet unet, Adam adam) {
    SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
    double[] losses = golden.numbers("loss_per_step");
    for (int i = 0; i < losses.length; i++) {
      int step = i;
      Optional<String> failure =
          engine.scoped(() -> {
            Tensor x = golden.array("input").upload(engine);
            Tensor target = golden.array("target").upload(engine);
            try (Tape tape = new Tape(unet.parameters())) {
              Tensor logits = unet.forward(x);
              LossResult result = loss.forwardBackward(logits, target);
              tape.backward(logits, result.gradient());
              Supplier<Optional<String>> first =
                  () ->
                      golden
                          .array("logits_train")
                          .compare("logits in training", logits, NETWORK)
                          .or(() -> gradients(golden, unet.parameters()));
              return Tolerance.LOSS
                  .compare("loss of step " + (step + 1), losses[step], result.value().item())
                  .or(() -> step == 0 ? first.get() : Optional.empty());
            }
          });
      if (failure.isPresent()) {
        return failure;
      }
      adam.step();
    }
    return Optional.empty();
  }

  private static Optional<String> gradients(GoldenCase golden, ParameterStore store) {
    for (var gradient : golden.get("first_grads").properties()) {
      String name = gradient.getKey();
      Optional<String> failure =
          GoldenArray.of(gradient.getValue())
              .compare("gradient of " + name, store.gradient(name), NETWORK);
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  /** Parameters go at most a rate a step, in a direction that small gradients leave open. */
  private static Optional<String> weights(GoldenCase golden, ParameterStore store) {
    double lr = golden.param("lr", 1e-3);
    int steps = golden.numbers("loss_per_step").length;
    var way = new Tolerance("weights 0.02 lr a step", (e, largest) -> 0.02 * steps * lr);
    for (Map.Entry<String, StoredTensor> after :
        file(golden, "weights_after_4").tensors().entrySet()) {
      String name = after.getKey();
      Tensor actual = store.state().get(name);
      if (actual == null) {
        return Optional.of("there is no " + name);
      }
      Optional<String> failure;
      if (store.names().contains(name)) {
        failure = compare(name, after.getValue().floats(), actual, way);
      } else if (name.endsWith("num_batches_tracked")) {
        failure =
            Arrays.equals(after.getValue().longs(), actual.toLongArray())
                ? Optional.empty()
                : Optional.of("%s is %s".formatted(name, Arrays.toString(actual.toLongArray())));
      } else {
        failure = compare(name, after.getValue().floats(), actual, NETWORK);
      }
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> compare(
      String name, float[] expected, Tensor actual, Tolerance tolerance) {
    return tolerance.compare(name, Doubles.of(expected), Doubles.of(actual.toFloatArray()));
  }

  private static Optional<String> moments(GoldenCase golden, Adam adam) {
    var moment = new Tolerance("moment of a network 1e-3", (e, largest) -> 1e-3 * largest);
    Safetensors state = file(golden, "adam_after_4");
    List<String> names = adam.store().names();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      String prefix = "state." + i + ".";
      double steps = state.tensor(prefix + "step").floats()[0];
      Optional<String> failure =
          Tolerance.EXACT
              .compare("steps of " + name, steps, (double) adam.steps()[i])
              .or(() ->
                  compare(
                      "exp_avg of " + name,
                      state.tensor(prefix + "exp_avg").floats(),
                      adam.expAvg(name),
                      moment))
              .or(() ->
                  compare(
                      "exp_avg_sq of " + name,
                      state.tensor(prefix + "exp_avg_sq").floats(),
                      adam.expAvgSq(name),
                      moment));
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }
}
