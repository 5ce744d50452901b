package dev.quern.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.schedule.ReduceLROnPlateau.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScheduleProductTest {

  @Test
  void warmUpRisesLinearlyAndStays() {
    var warmup = new LinearWarmup(4, 0.2);
    var state = warmup.start();
    double[] factors = new double[7];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = warmup.factor(state);
      state = warmup.step(state);
    }
    assertArrayEquals(new double[] {0.2, 0.4, 0.6, 0.8, 1, 1, 1}, factors, 1e-15);
    assertEquals(0.25, new LinearWarmup(3).factor(new LinearWarmup.State(0)));
  }

  @Test
  void theCosineStartsWhenTheWarmUpIsOver() {
    var cosine = new CosineAnnealingWarmRestarts(3, 2, 0.01);
    var product = new ScheduleProduct().withWarmup(new LinearWarmup(2, 0.5)).withCosine(cosine);
    var state = product.start(1);
    assertEquals(0.05, product.lr(state, 0, 0.1), 1e-16);
    state = product.step(state, 0, 0.1);
    assertEquals(0.075, product.lr(state, 0, 0.1), 1e-16);
    var alone = cosine.start();
    for (int i = 0; i < 20; i++) {
      state = product.step(state, 0, 0.1);
      assertEquals(cosine.lr(alone, 0.1), product.lr(state, 0, 0.1), 1e-16, "step " + i);
      alone = cosine.step(alone);
    }
  }

  @Test
  void theCosineOverwritesNoReduction() {
    var cosine = new CosineAnnealingWarmRestarts(5);
    var plateau = new ReduceLROnPlateau(Mode.MIN).withPatience(0).withFactor(0.5);
    var product = new ScheduleProduct().withCosine(cosine).withPlateau(plateau);
    var state = product.start(2);
    double[] base = {0.1, 0.2};
    var alone = cosine.start();
    for (int i = 0; i < 4; i++) {
      double reduced = Math.pow(0.5, Math.max(0, i - 1));
      assertEquals(0.2 * cosine.factor(alone, 0.2) * reduced, product.lr(state, 1, 0.2), 1e-16);
      state = product.step(state, 1, base);
      alone = cosine.step(alone);
    }
  }

  @Test
  void metricsOfTheWarmUpAreNotLookedAt() {
    var plateau = new ReduceLROnPlateau(Mode.MAX).withPatience(0);
    var product = new ScheduleProduct().withWarmup(new LinearWarmup(3)).withPlateau(plateau);
    var state = product.start(1);
    for (int i = 0; i < 3; i++) {
      state = product.step(state, 0.9, 0.1);
    }
    assertEquals(plateau.start(1), state.plateau());
    assertEquals(1, product.factor(state, 0, 0.1));
  }

  @Test
  void restartsDecayThePeak() {
    var cosine = new CosineAnnealingWarmRestarts(2, 2, 0.01, 0.5);
    var state = cosine.start();
    List<Double> peaks = new ArrayList<>();
    for (int i = 0; i < 62; i++) {
      assertEquals(cosine.at(i), state);
      if (state.tCur() == 0) {
        peaks.add(cosine.lr(state, 0.1));
      }
      state = cosine.step(state);
    }
    assertArrayEquals(
        new double[] {0.1, 0.05, 0.025, 0.0125, 0.01},
        peaks.stream().mapToDouble(d -> d).toArray(),
        1e-16);
    assertEquals(3, new CosineAnnealingWarmRestarts(7).at(27.5).restarts());
    // a base below etaMin rises towards it, however often
    assertEquals(0.001, cosine.lr(cosine.at(30), 0.001), 1e-15);
  }

  @Test
  void savingAndRestoringAtEveryStepGivesTheSameSequence() {
    for (long seed = 0; seed < 200; seed++) {
      var random = new Random(seed);
      var product = random(random);
      double[] base = {0.1, random.nextDouble()};
      var straight = product.start(2);
      var resumed = product.start(2);
      for (int i = 0; i < 60; i++) {
        double metric = random.nextInt(10) == 0 ? Double.NaN : random.nextDouble();
        straight = product.step(straight, metric, base);
        resumed = product.step(writtenAndRead(resumed), metric, base);
        assertEquals(straight, resumed, "seed " + seed + ", step " + i);
        for (int group = 0; group < 2; group++) {
          assertEquals(
              product.lr(straight, group, base[group]),
              product.lr(resumed, group, base[group]),
              "seed " + seed + ", step " + i);
        }
      }
    }
  }

  private static ScheduleProduct random(Random random) {
    var product = new ScheduleProduct();
    if (random.nextBoolean()) {
      product = product.withWarmup(new LinearWarmup(1 + random.nextInt(9)));
    }
    if (random.nextBoolean()) {
      ClosedFormSchedule schedule =
          switch (random.nextInt(6)) {
            case 0 -> new CosineAnnealingLR(1 + random.nextInt(9), 0.01 * random.nextDouble());
            case 1 -> new PolynomialLR(1 + random.nextInt(30), 0.5 + random.nextDouble());
            case 2 -> new StepLR(1 + random.nextInt(9), random.nextDouble(0.1, 1));
            case 3 -> new MultiStepLR(List.of(1 + random.nextInt(9), 10), 0.3);
            case 4 -> new ExponentialLR(random.nextDouble(0.5, 1.1));
            default -> new OneCycleLR(10 + random.nextInt(30));
          };
      product = product.with(schedule);
    }
    if (random.nextBoolean()) {
      product =
          product.withCosine(
              new CosineAnnealingWarmRestarts(
                  1 + random.nextInt(6),
                  1 + random.nextInt(3),
                  0.01 * random.nextDouble(),
                  1 - 0.9 * random.nextDouble()));
    }
    if (random.nextBoolean()) {
      product =
          product.withPlateau(
              new ReduceLROnPlateau(random.nextBoolean() ? Mode.MIN : Mode.MAX)
                  .withPatience(random.nextInt(3))
                  .withCooldown(random.nextInt(3))
                  .withMinLr(List.of(0.001, 0.0)));
    }
    return product;
  }

  /** Every number through its decimal text, as a file holds it. */
  private static ScheduleProduct.State writtenAndRead(ScheduleProduct.State state) {
    return new ScheduleProduct.State(
        writtenAndRead(state.warmup()),
        writtenAndRead(state.cosine()),
        writtenAndRead(state.plateau()),
        Long.parseLong("" + state.step()));
  }

  private static LinearWarmup.@Nullable State writtenAndRead(LinearWarmup.@Nullable State s) {
    return s == null ? null : new LinearWarmup.State(Long.parseLong("" + s.step()));
  }

  private static CosineAnnealingWarmRestarts.@Nullable State writtenAndRead(
      CosineAnnealingWarmRestarts.@Nullable State s) {
    return s == null
        ? null
        : new CosineAnnealingWarmRestarts.State(
            Long.parseLong("" + s.epoch()),
            Double.parseDouble("" + s.tCur()),
            Double.parseDouble("" + s.tI()),
            Long.parseLong("" + s.restarts()));
  }

  private static ReduceLROnPlateau.@Nullable State writtenAndRead(
      ReduceLROnPlateau.@Nullable State s) {
    return s == null
        ? null
        : new ReduceLROnPlateau.State(
            s.epoch(),
            Double.parseDouble("" + s.best()),
            s.badEpochs(),
            s.cooldownLeft(),
            s.factors().stream().map(f -> Double.parseDouble("" + f)).toList());
  }

  @Test
  void closedFormsStartAfterTheWarmUpAndMultiply() {
    var product =
        new ScheduleProduct()
            .withWarmup(new LinearWarmup(2, 0.5))
            .with(new ExponentialLR(0.5))
            .withPlateau(new ReduceLROnPlateau(Mode.MIN).withPatience(0))
            .with(new StepLR(2, 0.25));
    double[] expected = {0.5, 0.75, 1, 0.5, 0.25 * 0.25 * 0.1, 0.125 * 0.25 * 0.01};
    var state = product.start(1);
    for (double factor : expected) {
      assertEquals(factor, product.factor(state, 0, 1), 1e-15);
      state = product.step(state, 7, 1);
    }
    assertEquals(4, state.step());
    var later = state;
    refused(() -> new ScheduleProduct().factor(later, 0, 1));
    refused(() -> new ScheduleProduct.State(null, null, null, -1));
  }

  @Test
  void whatIsOutOfRangeOrForeignIsRefused() {
    refused(() -> new LinearWarmup(0));
    refused(() -> new LinearWarmup(-7));
    for (double factor : new double[] {0, -0.1, 1.1, Double.NaN}) {
      refused(() -> new LinearWarmup(3, factor));
      refused(() -> new CosineAnnealingWarmRestarts(3, 1, 0, factor));
    }
    refused(() -> new LinearWarmup.State(-1));
    refused(() -> new CosineAnnealingWarmRestarts.State(0, 0, 1, -1));
    var constant = new ScheduleProduct();
    var warm = constant.withWarmup(new LinearWarmup(3));
    refused(() -> constant.start(0));
    refused(() -> constant.step(warm.start(1), 0, 0.1));
    refused(() -> constant.step(constant.start(1), 0, -0.1));
    refused(() -> warm.factor(constant.start(1), 0, 0.1));
    refused(() -> warm.factor(warm.start(1), 0, Double.NaN));
    assertEquals(1, constant.factor(constant.start(1), 0, 0.1));
  }

  private static void refused(Runnable call) {
    assertThrows(IllegalArgumentException.class, call::run);
  }
}
