package dev.quern.bench.random;

import dev.quern.bench.definition.AdamRule;
import dev.quern.bench.definition.SgdRule;
import dev.quern.bench.definition.StepRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Draws optimizer steps. Left out: second moments beyond f32, of gradients of about 1e20 and more
 * that nothing clips, which stop Adam; those below it together with an eps that does not outweigh
 * them; and a beta2 with little memory together with such an eps, where an update is the sign of
 * what rounding left.
 */
final class OptimizerDraw {
  private static final int[] LENGTHS = {
    1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 257, 1025
  };

  private final Draw draw;
  private final boolean adam;
  private final int steps;
  private final int parameters;
  private final List<StepRule> rules = new ArrayList<>();

  OptimizerDraw(Draw draw) {
    this.draw = draw;
    this.adam = draw.chance(0.6);
    this.steps = 1 + draw.below(6);
    this.parameters = 1 + draw.below(4);
  }

  OptimizerCase draw() {
    int groups = draw.of(1, 1, 2, 3);
    double smallestEps = 1;
    for (int g = 0; g < groups; g++) {
      rules.add(adam ? adam() : sgd());
      smallestEps =
          rules.get(g) instanceof AdamRule a ? Math.min(smallestEps, a.eps()) : smallestEps;
    }
    OptimizerCase.Around around =
        new OptimizerCase.Around(
            draw.chance(0.7) ? Double.POSITIVE_INFINITY : draw.option(0.01, 10),
            draw.chance(0.8) ? Double.POSITIVE_INFINITY : draw.option(0.01, 2),
            draw.chance(0.7) ? 0 : draw.of(1, 1024, 65536, 0x1p40),
            draw.chance(0.3),
            draw.chance(0.7) ? 1 : draw.of(0, 0.5, 0.9, 0.999));
    double exponent = smallestEps < 1e-8 ? draw.uniform(-3, 3) : draw.uniform(-8, 8);
    boolean clipped = around.clipNorm() < Double.POSITIVE_INFINITY;
    if (draw.chance(0.1) && (clipped || !adam) && smallestEps >= 1e-8) {
      exponent = clipped && draw.coin() ? 37.5 : draw.uniform(-30, 15);
    }
    double scale = around.lossScale() > 0 && exponent < 20 ? around.lossScale() : 1;
    List<float[]> initial = new ArrayList<>();
    int[] groupOf = new int[parameters];
    for (int p = 0; p < parameters; p++) {
      int length = draw.chance(0.02) ? 0 : draw.of(LENGTHS);
      groupOf[p] = draw.below(groups);
      initial.add(normal(length, 1, 0.05));
    }
    List<List<float @Nullable []>> gradients = new ArrayList<>();
    boolean poisoned = draw.chance(0.1);
    for (int s = 0; s < steps; s++) {
      List<float @Nullable []> all = new ArrayList<>();
      for (float[] w : initial) {
        boolean absent = draw.chance(0.1);
        float[] gradient = normal(w.length, Math.pow(10, exponent) * scale, zeros());
        if (poisoned && w.length > 0 && draw.chance(0.3)) {
          gradient[draw.below(w.length)] =
              (float) draw.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        }
        all.add(absent ? null : gradient);
      }
      gradients.add(all);
    }
    return new OptimizerCase(
        List.copyOf(rules),
        groupOf,
        initial,
        gradients,
        around,
        draw.chance(0.7) ? 1 : draw.of(0, 0.1, 0.5, 3),
        draw.chance(0.25));
  }

  private double zeros() {
    return draw.chance(0.05) ? 1 : 0.05;
  }

  private float[] normal(int length, double scale, double zeros) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = draw.chance(zeros) ? 0 : (float) (scale * draw.normal());
    }
    return values;
  }

  private double rate() {
    return draw.of(1e-3, 1e-3, 0.1, 1, 0, draw.uniform(0, 0.1));
  }

  private double decay() {
    return draw.chance(0.5) ? 0 : draw.of(1e-4, 1e-2, 0.1, draw.uniform(0, 0.5));
  }

  private AdamRule adam() {
    double beta2 = draw.of(0.999, 0.999, 0.9999, 0.9, 0, draw.uniform(0, 0.99));
    return new AdamRule(
        rate(),
        draw.of(0.9, 0.9, 0.95, 0.5, 0, draw.uniform(0, 0.99)),
        beta2,
        beta2 < 0.9 ? draw.of(1e-8, 1e-3) : draw.of(1e-8, 1e-8, 1e-8, 1e-3, 1e-16, 0),
        decay(),
        draw.coin(),
        draw.chance(0.7) ? 0 : draw.of(1e-3, 0.1, 1),
        draw.coin(),
        draw.chance(0.3),
        draw.chance(0.2));
  }

  private SgdRule sgd() {
    double momentum = draw.chance(0.4) ? 0 : draw.of(0.9, 0.99, 0.5, draw.uniform(0.1, 1.1));
    boolean nesterov = momentum > 0 && draw.chance(0.3);
    double dampening = nesterov || draw.chance(0.6) ? 0 : draw.of(0.5, 1, -0.5, 0.9);
    return new SgdRule(rate(), momentum, dampening, nesterov, decay(), draw.chance(0.2));
  }
}
