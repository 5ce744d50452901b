package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import java.util.List;
import java.util.Optional;

/** The suite {@code adam}: the parameters after every step, the number of steps and the moments. */
final class AdamCheck implements GoldenCheck {

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    AdamOptions options = options(golden);
    double lr = options.lr();
    float[] initial = golden.array("initial").floats();
    List<GoldenArray> gradients = golden.arrays("grads");
    List<GoldenArray> after = golden.arrays("after");
    try (var store = ParameterStore.builder(engine).add("w", initial, initial.length).build();
        var adam = Adam.builder(store).options(options).build()) {
      for (int step = 1; step <= gradients.size(); step++) {
        store.gradient("w").copyFrom(gradients.get(step - 1).floats());
        adam.step();
        Optional<String> failure =
            Tolerance.parameters(step, lr)
                .compare(
                    "parameters after step " + step,
                    after.get(step - 1).doubles(),
                    Doubles.of(store.parameter("w").toFloatArray()));
        if (failure.isPresent()) {
          return failure;
        }
      }
      GoldenCase state =
          new GoldenCase(golden.suite(), golden.index(), golden.get("state"), golden.files());
      return Tolerance.EXACT
          .compare("step", state.get("step").doubleValue(), (double) adam.steps()[0])
          .or(() -> moment(state, "exp_avg", adam.expAvg("w").toFloatArray()))
          .or(() -> moment(state, "exp_avg_sq", adam.expAvgSq("w").toFloatArray()))
          .or(() ->
              options.amsgrad()
                  ? moment(state, "max_exp_avg_sq", adam.maxExpAvgSq("w").toFloatArray())
                  : Optional.empty());
    }
  }

  private static AdamOptions options(GoldenCase golden) {
    double decay = golden.param("weight_decay", 0.0);
    AdamOptions options =
        new AdamOptions()
            .withLr(golden.param("lr", 1e-3))
            .withBetas(golden.param("betas", 0), golden.param("betas", 1))
            .withEps(golden.param("eps", 1e-8))
            .withAmsgrad(golden.param("amsgrad", false))
            .withMaximize(golden.param("maximize", false));
    return golden.param("decoupled_weight_decay", false)
        ? options.withDecoupledWeightDecay(decay)
        : options.withWeightDecay(decay);
  }

  private static Optional<String> moment(GoldenCase state, String key, float[] actual) {
    return Tolerance.MOMENT.compare(key, state.array(key).doubles(), Doubles.of(actual));
  }
}
