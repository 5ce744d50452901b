package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.nn.Tape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The suite {@code nn}: operations and the gradients of all their inputs, by a tape. */
final class NnCheck implements GoldenCheck {
  private static final Tolerance TOLERANCE = Tolerance.GRADIENT;

  @Override
  public boolean supports(GoldenCase golden) {
    return NnOperations.has(golden);
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    return engine.scoped(() -> {
      var inputs = new ArrayList<Tensor>();
      golden.arrays("inputs").forEach(array -> inputs.add(array.upload(engine)));
      List<GoldenArray> gradients = golden.arrays("grads");
      GoldenArray expected = golden.array("output");
      try (Tape tape = new Tape(engine)) {
        inputs.forEach(tape::watch);
        Tensor output = NnOperations.apply(golden, inputs);
        Optional<String> failure = expected.compare("output", output, TOLERANCE);
        if (failure.isPresent()) {
          return failure;
        }
        tape.backward(output, golden.array("grad_output").upload(engine));
        for (int i = 0; i < inputs.size(); i++) {
          failure =
              gradients
                  .get(i)
                  .compare("gradient of input " + i, tape.gradient(inputs.get(i)), TOLERANCE);
          if (failure.isPresent()) {
            return failure;
          }
        }
        return Optional.empty();
      }
    });
  }
}
