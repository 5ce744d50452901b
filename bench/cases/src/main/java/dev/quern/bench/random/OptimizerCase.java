package dev.quern.bench.random;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.bench.definition.AdamRule;
import dev.quern.bench.definition.GradientNorm;
import dev.quern.bench.definition.SgdRule;
import dev.quern.bench.definition.StepRule;
import dev.quern.bench.definition.Verdict;
import dev.quern.bench.definition.Weights;
import dev.quern.optim.Adam;
import dev.quern.optim.Optimizer;
import dev.quern.optim.OptimizerBuilder;
import dev.quern.optim.OptimizerOptions;
import dev.quern.optim.ParameterGroup;
import dev.quern.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several steps of an optimizer over several parameters.
 *
 * @param rules the groups, all of one kind
 * @param groupOf the group of each parameter
 * @param initial the parameters at first
 * @param gradients of each step and parameter; null where a parameter takes no part
 * @param around clipping, loss scale, skipping and moving average
 * @param lastRate the factor of all learning rates in the last step
 * @param outside whether parameters and gradients are tensors of the caller
 */
@SuppressWarnings("ArrayRecordComponent") // a case is drawn, run and forgotten
record OptimizerCase(
    List<StepRule> rules,
    int[] groupOf,
    List<float[]> initial,
    List<List<float @Nullable []>> gradients,
    Around around,
    double lastRate,
    boolean outside)
    implements RandomCase {

  /**
   * What surrounds a step.
   *
   * @param clipNorm the largest norm; infinite for none
   * @param clipValue the largest element; infinite for none
   * @param lossScale what gradients were multiplied by; 0 for none
   * @param skip whether steps with a gradient that is not finite are skipped
   * @param averageDecay of the moving average; 1 for none
   */
  record Around(
      double clipNorm, double clipValue, double lossScale, boolean skip, double averageDecay) {

    boolean reduces() {
      return skip || clipNorm < Double.POSITIVE_INFINITY || lossScale > 0;
    }
  }

  @Override
  public String describe() {
    return "%d steps of parameters %s in groups %s, %s, last rate times %s%s: %s"
        .formatted(
            gradients.size(),
            initial.stream().map(w -> w.length).toList(),
            Arrays.toString(groupOf),
            around,
            lastRate,
            outside ? ", tensors of the caller" : "",
            rules);
  }

  @Override
  public Verdict run(Device device) {
    Engine engine = device.engine();
    return engine.scoped(() -> {
      List<Tensor> owned = new ArrayList<>();
      try (ParameterStore store = store(engine, owned)) {
        return rules.getFirst() instanceof AdamRule ? adam(store) : sgd(store);
      }
    });
  }

  private ParameterStore store(Engine engine, List<Tensor> owned) {
    var builder = ParameterStore.builder(engine);
    for (int p = 0; p < initial.size(); p++) {
      float[] w = initial.get(p);
      if (outside) {
        Tensor parameter = engine.tensor(w, w.length);
        Tensor gradient = engine.tensor(new float[w.length], w.length);
        owned.addAll(List.of(parameter, gradient));
        builder.add(name(p), parameter, gradient);
      } else {
        builder.add(name(p), w, w.length);
      }
    }
    return builder.build();
  }

  private Verdict adam(ParameterStore store) {
    var builder = Adam.builder(store).groups(groups(rule -> Rules.adam((AdamRule) rule)));
    try (Adam adam = around(builder).build()) {
      return steps(
          store,
          adam,
          (p, weights) -> {
            String n = name(p);
            String failure = weights.compareFirst(adam.expAvg(n).toFloatArray());
            failure =
                failure == null ? weights.compareSecond(adam.expAvgSq(n).toFloatArray()) : failure;
            boolean amsgrad = ((AdamRule) rules.get(groupOf[p])).amsgrad();
            return failure == null && amsgrad
                ? weights.compareLargest(adam.maxExpAvgSq(n).toFloatArray())
                : failure;
          });
    }
  }

  private Verdict sgd(ParameterStore store) {
    var builder = Sgd.builder(store).groups(groups(rule -> Rules.sgd((SgdRule) rule)));
    try (Sgd sgd = around(builder).build()) {
      return steps(
          store,
          sgd,
          (p, weights) ->
              ((SgdRule) rules.get(groupOf[p])).momentum() > 0
                  ? weights.compareFirst(sgd.momentumBuffer(name(p)).toFloatArray())
                  : null);
    }
  }

  private <O extends OptimizerOptions<O>, B extends OptimizerBuilder<O, B>> B around(B builder) {
    B all = builder.skipNonFinite(around.skip());
    all = around.clipNorm() < Double.POSITIVE_INFINITY ? all.clipNorm(around.clipNorm()) : all;
    all = around.clipValue() < Double.POSITIVE_INFINITY ? all.clipValue(around.clipValue()) : all;
    all = around.lossScale() > 0 ? all.lossScale(around.lossScale()) : all;
    return around.averageDecay() < 1 ? all.emaDecay(around.averageDecay()) : all;
  }

  private <O extends OptimizerOptions<O>> List<ParameterGroup<O>> groups(
      Function<StepRule, O> options) {
    List<ParameterGroup<O>> groups = new ArrayList<>();
    for (int g = 0; g < rules.size(); g++) {
      List<String> names = new ArrayList<>();
      for (int p = 0; p < groupOf.length; p++) {
        if (groupOf[p] == g) {
          names.add(name(p));
        }
      }
      groups.add(new ParameterGroup<>(names, options.apply(rules.get(g))));
    }
    return groups;
  }

  /** Compares what an optimizer keeps beside the parameters. */
  private interface StateCheck {
    @Nullable String compare(int parameter, Weights weights);
  }

  private <O extends OptimizerOptions<O>> Verdict steps(
      ParameterStore store, Optimizer<O> optimizer, StateCheck state) {
    List<Weights> expected = initial.stream().map(Weights::new).toList();
    for (int s = 0; s < gradients.size(); s++) {
      boolean last = s == gradients.size() - 1;
      double rate = last ? lastRate : 1;
      if (last && lastRate != 1) {
        for (int g = 0; g < rules.size(); g++) {
          optimizer.setLearningRate(g, Rules.rate(rules.get(g)) * lastRate);
        }
      }
      List<float[]> present = new ArrayList<>();
      for (int p = 0; p < initial.size(); p++) {
        float[] gradient = gradients.get(s).get(p);
        optimizer.setActive(name(p), gradient != null);
        if (gradient != null) {
          store.gradient(name(p)).copyFrom(gradient);
          present.add(gradient);
        }
      }
      optimizer.step();
      GradientNorm norm =
          GradientNorm.of(
              present, around.lossScale() > 0 ? around.lossScale() : 1, around.clipNorm());
      if (!around.reduces() || norm.finite()) {
        step(s, rate, norm.coefficient(), expected);
      }
      String failure = around.reduces() ? norm.compare(optimizer.control().toFloatArray()) : null;
      if (failure != null) {
        return Verdict.wrong(failure + " in step " + (s + 1));
      }
    }
    return compare(store, optimizer, expected, state);
  }

  private void step(int s, double rate, double coefficient, List<Weights> expected) {
    double scale = around.lossScale() > 0 ? around.lossScale() : 1;
    for (int p = 0; p < expected.size(); p++) {
      float[] gradient = gradients.get(s).get(p);
      if (gradient != null) {
        Rules.withRate(rules.get(groupOf[p]), rate)
            .step(expected.get(p), gradient, coefficient / scale, around.clipValue());
      }
      if (around.averageDecay() < 1) {
        expected.get(p).follow(around.averageDecay());
      }
    }
  }

  private <O extends OptimizerOptions<O>> Verdict compare(
      ParameterStore store, Optimizer<O> optimizer, List<Weights> expected, StateCheck state) {
    long[] steps = optimizer.steps();
    boolean decided = true;
    for (int p = 0; p < expected.size(); p++) {
      Weights weights = expected.get(p);
      String failure =
          steps[p] == weights.steps()
              ? weights.compare(store.parameter(name(p)).toFloatArray())
              : "%d steps in place of %d".formatted(steps[p], weights.steps());
      failure = failure == null ? state.compare(p, weights) : failure;
      if (failure == null && around.averageDecay() < 1) {
        failure = weights.compareAverage(optimizer.ema(name(p)).toFloatArray());
      }
      if (failure != null) {
        return Verdict.wrong("parameter " + p + ": " + failure);
      }
      decided &= weights.decided();
    }
    return new Verdict(null, !decided);
  }

  private static String name(int p) {
    return "p" + p;
  }
}
