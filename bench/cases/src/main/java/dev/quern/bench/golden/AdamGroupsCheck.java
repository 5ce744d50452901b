package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.ParameterGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * The suite {@code adam_groups}: groups, tensors without a gradient, clipping by norm and by value,
 * and the moving average, after every step; over a store of its own memory and over tensors of the
 * caller.
 */
final class AdamGroupsCheck implements GoldenCheck {

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    return check(engine, golden, false)
        .or(() -> check(engine, golden, true).map(why -> "tensors of the caller: " + why));
  }

  private static Optional<String> check(Engine engine, GoldenCase golden, boolean outside) {
    return engine.scoped(() -> check(golden, store(engine, golden, outside)));
  }

  private static ParameterStore.Builder store(Engine engine, GoldenCase golden, boolean outside) {
    List<GoldenArray> initial = golden.arrays("initial");
    var builder = ParameterStore.builder(engine);
    for (int i = 0; i < initial.size(); i++) {
      float[] values = initial.get(i).floats();
      if (outside) {
        Tensor parameter = engine.tensor(values, values.length);
        builder.add(name(i), parameter, engine.tensor(new float[values.length], values.length));
      } else {
        builder.add(name(i), values, values.length);
      }
    }
    return builder;
  }

  private static Optional<String> check(GoldenCase golden, ParameterStore.Builder builder) {
    List<ParameterGroup<AdamOptions>> groups = groups(golden);
    double lr = groups.stream().mapToDouble(g -> g.options().lr()).max().orElseThrow();
    try (var store = builder.build();
        var adam = optimizer(golden, store, groups)) {
      JsonNode steps = golden.get("steps");
      for (int k = 0; k < steps.size(); k++) {
        JsonNode step = steps.get(k);
        Tolerance tolerance = Tolerance.parameters(k + 1, lr);
        takeStep(adam, store, step.required("grads"));
        Optional<String> failure =
            norm(adam, step)
                .or(() -> tensors(tolerance, "parameter", step.path("after"), store::parameter))
                .or(() -> tensors(tolerance, "average", step.path("ema"), adam::ema));
        if (failure.isPresent()) {
          int number = k + 1;
          return failure.map(why -> "step " + number + ": " + why);
        }
      }
    }
    return Optional.empty();
  }

  private static String name(int index) {
    return "w" + index;
  }

  private static List<ParameterGroup<AdamOptions>> groups(GoldenCase golden) {
    var groups = new ArrayList<ParameterGroup<AdamOptions>>();
    for (JsonNode node : golden.get("params").required("groups").values()) {
      var names = new ArrayList<String>();
      node.required("params").values().forEach(index -> names.add(name(index.intValue())));
      AdamOptions options = new AdamOptions().withLr(node.required("lr").doubleValue());
      if (node.has("weight_decay")) {
        options = options.withWeightDecay(node.get("weight_decay").doubleValue());
      }
      if (node.has("betas")) {
        JsonNode betas = node.get("betas");
        options = options.withBetas(betas.get(0).doubleValue(), betas.get(1).doubleValue());
      }
      groups.add(new ParameterGroup<>(names, options));
    }
    return groups;
  }

  private static Adam optimizer(
      GoldenCase golden, ParameterStore store, List<ParameterGroup<AdamOptions>> groups) {
    Adam.Builder builder = Adam.builder(store).groups(groups);
    if (golden.hasParam("max_norm")) {
      builder.clipNorm(golden.param("max_norm", 0.0));
    }
    if (golden.hasParam("clip_value")) {
      builder.clipValue(golden.param("clip_value", 0.0));
    }
    if (golden.hasParam("ema_decay")) {
      builder.emaDecay(golden.param("ema_decay", 0.0));
    }
    return builder.build();
  }

  private static void takeStep(Adam adam, ParameterStore store, JsonNode gradients) {
    for (int i = 0; i < gradients.size(); i++) {
      boolean active = !gradients.get(i).isNull();
      adam.setActive(name(i), active);
      if (active) {
        store.gradient(name(i)).copyFrom(GoldenArray.of(gradients.get(i)).floats());
      } else {
        store.gradient(name(i)).fill(Float.NaN);
      }
    }
    adam.step();
  }

  private static Optional<String> norm(Adam adam, JsonNode step) {
    return step.hasNonNull("total_norm")
        ? Tolerance.NORM.compare(
            "norm", step.get("total_norm").doubleValue(), adam.control().toFloatArray()[0])
        : Optional.empty();
  }

  /** Compares the tensors of a step; none are absent or all. */
  private static Optional<String> tensors(
      Tolerance tolerance, String what, JsonNode expected, Function<String, Tensor> actual) {
    for (int i = 0; i < expected.size(); i++) {
      Optional<String> failure =
          tolerance.compare(
              what + " " + i,
              GoldenArray.of(expected.get(i)).doubles(),
              Doubles.of(actual.apply(name(i)).toFloatArray()));
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }
}
