package dev.quern.bench.golden;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.kernels.LovaszFormula;
import dev.quern.bench.kernels.LovaszFormula.Pixel;
import dev.quern.bench.kernels.LovaszFormula.SortedList;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * The suite {@code lovasz}: value and gradient, and the value alone. Which of two pixels whose
 * errors f32 cannot tell apart comes first is free, and so is their gradient.
 */
final class LovaszCheck implements GoldenCheck {

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    try (var _ = engine.openScope()) {
      Tensor logits = golden.array("input").upload(engine);
      Tensor target = golden.array("target").uploadTarget(engine);
      LovaszLoss loss = loss(golden);
      LossResult result = loss.forwardBackward(logits, target);
      double expected = golden.get("loss").doubleValue();
      double[] gradient = golden.array("grad").doubles();
      double[] actual = Doubles.of(result.gradient().toFloatArray());
      for (int i : tied(loss, golden)) {
        actual[i] = gradient[i];
      }
      return Tolerance.LOSS
          .compare("loss", expected, result.value().item())
          .or(() ->
              Tolerance.LOSS.compare(
                  "loss without gradient", expected, loss.forward(logits, target).item()))
          .or(() -> Tolerance.GRADIENT.compare("gradient", gradient, actual));
    }
  }

  private static LovaszLoss loss(GoldenCase golden) {
    boolean multiclass = golden.param("mode", "").equals("multiclass");
    LovaszLoss loss = new LovaszLoss().mode(multiclass ? Mode.MULTICLASS : Mode.BINARY);
    // a case without classes is of a class that takes probabilities for logits all the same
    if (golden.hasParam("classes") && !golden.param("from_logits", true)) {
      loss = loss.fromProbabilities();
    }
    if (golden.hasParam("classes")) {
      JsonNode classes = golden.get("params").required("classes");
      if (classes.isArray()) {
        loss = loss.classes(classes.values().stream().mapToInt(JsonNode::intValue).toArray());
      } else if (classes.stringValue().equals("all")) {
        loss = loss.allClasses();
      }
    }
    if (golden.hasParam("ignore_index")) {
      loss = loss.ignoreIndex((int) golden.param("ignore_index", 0.0));
    }
    return loss.perImage(golden.param("per_image", false));
  }

  /** The elements of the gradient whose pixel has an error that f32 takes for a neighbour's. */
  private static Set<Integer> tied(LovaszLoss loss, GoldenCase golden) {
    GoldenArray input = golden.array("input");
    LovaszSpec spec = loss.spec(DType.F32);
    boolean hinge = spec.kind() == LovaszSpec.Kind.HINGE;
    long[] shape = input.shape();
    int classes = hinge ? 1 : (int) shape[1];
    int pixels = shape[0] == 0 ? 0 : (int) (input.doubles().length / shape[0] / classes);
    var extent = new LossExtent(shape[0], classes, pixels);
    var tied = new HashSet<Integer>();
    double[] target = golden.array("target").doubles();
    for (SortedList list : LovaszFormula.lists(spec, extent, input.doubles(), target)) {
      for (int k = 1; k < list.pixels().size(); k++) {
        Pixel one = list.pixels().get(k - 1);
        Pixel other = list.pixels().get(k);
        boolean equal = one.error() - other.error() <= 2e-7 * Math.max(1, one.error());
        if (equal && !(one.foreground() && other.foreground())) {
          for (int c = 0; c < classes; c++) {
            tied.add((one.label() / pixels * classes + c) * pixels + one.label() % pixels);
            tied.add((other.label() / pixels * classes + c) * pixels + other.label() % pixels);
          }
        }
      }
    }
    return tied;
  }
}
