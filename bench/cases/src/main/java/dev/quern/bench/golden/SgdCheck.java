package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import java.util.List;
import java.util.Optional;

/** The suite {@code sgd}: the parameters after every step. */
final class SgdCheck implements GoldenCheck {

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    SgdOptions options =
        new SgdOptions(
            golden.param("lr", 1e-3),
            golden.param("momentum", 0.0),
            golden.param("dampening", 0.0),
            golden.param("nesterov", false),
            golden.param("weight_decay", 0.0),
            golden.param("maximize", false));
    float[] initial = golden.array("initial").floats();
    List<GoldenArray> gradients = golden.arrays("grads");
    List<GoldenArray> after = golden.arrays("after");
    try (var store = ParameterStore.builder(engine).add("w", initial, initial.length).build();
        var sgd = Sgd.builder(store).options(options).build()) {
      for (int step = 1; step <= gradients.size(); step++) {
        store.gradient("w").copyFrom(gradients.get(step - 1).floats());
        sgd.step();
        Optional<String> failure =
            Tolerance.parameters(step, options.lr())
                .compare(
                    "parameters after step " + step,
                    after.get(step - 1).doubles(),
                    Doubles.of(store.parameter("w").toFloatArray()));
        if (failure.isPresent()) {
          return failure;
        }
      }
    }
    return Optional.empty();
  }
}
