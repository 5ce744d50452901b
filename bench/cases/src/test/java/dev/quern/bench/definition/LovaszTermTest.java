package dev.quern.bench.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.definition.Batch.Layout;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions.Lovasz;
import dev.quern.bench.definition.LossOptions.Lovasz.Averaged;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Lovasz losses against values of the authors' code and by hand. */
class LovaszTermTest {
  private static final float INF = Float.POSITIVE_INFINITY;
  private static final Lovasz PRESENT = new Lovasz(false, Averaged.PRESENT, List.of());

  private static Batch elements(float[] x, float... target) {
    return new Batch(Layout.ELEMENTS, false, 1, 1, x.length, x, target, null, null);
  }

  private static LossDefinition define(Batch batch, Lovasz options) {
    return new LossDefinition(
        batch, List.of(new Weighted(options, 1)), Form.MIN, false, new Sides());
  }

  private static double[] gradient(Batch batch) {
    LossDefinition loss = define(batch, PRESENT);
    double[] gradient = new double[batch.x().length];
    var slopes = new Slopes(Pixel.of(batch).size);
    for (int i = 0; i < batch.count(); i++) {
      loss.gradient(i, new Sides(), 1, slopes);
      for (int c = 0; c < slopes.g.length; c++) {
        gradient[batch.index(i, c)] = slopes.g[c];
      }
    }
    return gradient;
  }

  @Test
  void hingeOfTheAuthors() {
    Batch batch = elements(new float[] {0.5f, -1.2f, 2, -0.3f}, 1, 0, 1, 1);
    assertEquals(0.6, define(batch, PRESENT).value(), 1e-7);
    double[] gradient = gradient(batch);
    assertEquals(-1.0 / 3, gradient[0], 1e-12);
    assertEquals(0, gradient[1]);
    assertEquals(0, gradient[2]);
    assertEquals(-1.0 / 3, gradient[3], 1e-12);
  }

  @Test
  void softmaxOfTheAuthors() {
    float[] x = {0.2f, 1, -0.5f, 0, 0.1f, -1, 0.7f, 0.3f, 0, 0.4f, 0.2f, -2};
    Batch batch = new Batch(Layout.LABELS, false, 1, 3, 4, x, new float[] {0, 1, 1, 0}, null, null);
    assertEquals(0.662089, define(batch, PRESENT).value(), 1e-6);
    var all = new Lovasz(false, Averaged.ALL, List.of());
    assertEquals(0.550016, define(batch, all).value(), 1e-6);
  }

  @Test
  void infiniteErrorsCostInfinityOnlyWhereTheyTakeAStep() {
    Batch empty = elements(new float[] {INF, INF}, 0, 0);
    assertEquals(Double.POSITIVE_INFINITY, define(empty, PRESENT).value());
    assertEquals(1, gradient(empty)[0]);
    assertEquals(0, gradient(empty)[1]);
    Batch mixed = elements(new float[] {-INF, INF}, 1, 0);
    assertEquals(Double.POSITIVE_INFINITY, define(mixed, PRESENT).value());
    Batch right = elements(new float[] {INF, -INF}, 1, 0);
    assertEquals(0, define(right, PRESENT).value());
  }

  @Test
  void nanStandsAtEveryPixelThatHoldsOne() {
    Batch batch = elements(new float[] {Float.NaN, Float.NaN}, 0, 0);
    assertTrue(Double.isNaN(define(batch, PRESENT).value()));
    assertTrue(Double.isNaN(gradient(batch)[0]));
    assertTrue(Double.isNaN(gradient(batch)[1]));
  }

  @Test
  void equalErrorsStandInTheOrderOfTheirIndices() {
    double[] gradient = gradient(elements(new float[] {0, 0, 0}, 1, 0, 0));
    assertEquals(-1, gradient[0]);
    assertEquals(0, gradient[1]);
    gradient = gradient(elements(new float[] {0, 0, 0}, 0, 0, 1));
    assertEquals(0.5, gradient[0]);
    assertEquals(1.0 / 6, gradient[1], 1e-15);
    assertEquals(-1.0 / 3, gradient[2], 1e-15);
  }

  /** Two pixels with errors of either class that are equal but for the last places. */
  @Test
  void onlyErrorsThatRoundingCannotTellApartMayChangePlaces() {
    assertNull(otherOrder(1.0000001f).failure());
    assertTrue(otherOrder(1.0000001f).choseSide());
    assertNotNull(otherOrder(1.001f).failure());
  }

  /** What is said of a gradient that another order of the errors gives. */
  private static Verdict otherOrder(float logit) {
    float[] x = {0, logit, 1, 0};
    Batch batch = new Batch(Layout.LABELS, false, 1, 2, 2, x, new float[] {0, 1}, null, null);
    double[] right = gradient(batch);
    float[] given = new float[right.length];
    for (int i = 0; i < right.length; i++) {
      given[i] = (float) right[i];
    }
    var judge = new LossJudge(batch, List.of(new Weighted(PRESENT, 1)), Form.MIN, false, 1);
    float value = (float) define(batch, PRESENT).value();
    assertNull(judge.judge(value, given).failure());
    given[0] *= 0.9f;
    given[2] *= 0.9f;
    return judge.judge(value, given);
  }
}
