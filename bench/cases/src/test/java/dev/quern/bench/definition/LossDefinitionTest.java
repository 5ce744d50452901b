package dev.quern.bench.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.quern.bench.definition.Batch.Layout;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The definitions against values computed elsewhere in f64. */
class LossDefinitionTest {
  private static final float[] X = {0.5f, -1.2f, 2, -0.3f};
  private static final float[] Y = {1, 0, 1, 1};

  private static Batch labels(int classes, int pixels, float[] x, float... labels) {
    return new Batch(Layout.LABELS, false, 1, classes, pixels, x, labels, null, null);
  }

  private static LossOptions.Overlap overlap(
      double alpha, double beta, double gamma, double smooth, boolean logLoss, boolean absent) {
    return new LossOptions.Overlap(
        alpha, beta, gamma, smooth, smooth, 1e-7, logLoss, absent, List.of());
  }

  private static LossDefinition define(Batch batch, LossOptions options) {
    return new LossDefinition(
        batch, List.of(new Weighted(options, 1)), Form.MIN, false, new Sides());
  }

  private static double[] gradient(Batch batch, LossOptions options) {
    LossDefinition loss = define(batch, options);
    int size = Pixel.of(batch).size;
    double[] gradient = new double[batch.x().length];
    var slopes = new Slopes(size);
    for (int i = 0; i < batch.count(); i++) {
      loss.gradient(i, new Sides(), 1, slopes);
      for (int c = 0; c < size; c++) {
        gradient[batch.index(i, c)] = slopes.g[c];
      }
    }
    return gradient;
  }

  private static void assertBinary(LossOptions options, double value, double... gradient) {
    Batch batch = new Batch(Layout.ELEMENTS, false, 1, 1, 4, X, Y, null, null);
    assertEquals(value, define(batch, options).value(), 3e-8);
    double[] actual = gradient(batch, options);
    for (int i = 0; i < gradient.length; i++) {
      assertEquals(gradient[i], actual[i], 3e-8);
    }
  }

  @Test
  void publishedValuesOfTheSources() {
    assertBinary(
        new LossOptions.Bce(true, 0, List.of()),
        .4296606768,
        -.0943851672,
        .0578688041,
        -.0298007305,
        -.1436106292);
    assertBinary(
        new LossOptions.Bce(false, 0, List.of(3.0)),
        4.6293631864,
        -1.1326220064,
        .2314752165,
        -.3576087661,
        -1.7233275504);
    assertBinary(
        overlap(0.5, 0.5, 1, 1, false, true),
        .1819285932,
        -.0387913955,
        .0203246479,
        -.0173309930,
        -.0403520394);
    assertBinary(
        overlap(0.5, 0.5, 1, 0, true, true),
        .2909401758,
        -.0762976554,
        .0344737353,
        -.0340878207,
        -.0793672400);
    assertBinary(
        overlap(0.3, 0.7, 4.0 / 3, 0, false, true),
        .1991578809,
        -.0601312344,
        .0121409088,
        -.0268650816,
        -.0625504164);
    assertBinary(
        new LossOptions.Focal(true, 2, 0.25, 0, false, false, List.of()),
        .0246013391,
        -.0086210623,
        .0063910488,
        -.0003044338,
        -.0268441543);
    assertBinary(
        new LossOptions.Focal(false, 2, -1, 0, false, true, List.of()),
        .6762910306,
        -.0331868676,
        -.0399977567,
        .0223155766,
        -.4433871802);
    assertBinary(
        new LossOptions.Focal(false, 2, -1, 0.5, false, false, List.of()),
        1.1882909734,
        -.5517479894,
        .1363423750,
        -.0194837608,
        -.5744425168);
  }

  @Test
  void overlapOfSureClassesKeepsItsDigits() {
    float[] one = {2.9833324f, .6394897f, 6.955358f, -3.0757167f, -8.295744f, -9.224853f};
    Batch batch = labels(2, 3, one, 0, 0, 1);
    assertEquals(0.49999992, gradient(batch, overlap(.5, .5, 1, 0, true, true))[2], 5e-7);
    Batch sure = labels(2, 3, new float[] {20, 20, 6, -20, -20, -6}, 0, 0, 1);
    assertEquals(6.6356e-6, gradient(sure, overlap(.5, .5, 1, 0, false, true))[2], 2e-10);
    Batch two = labels(2, 2, new float[] {-3.1536152f, -4.4386706f, 2.5643065f, 3.0126038f}, 1, 0);
    double[] g = gradient(two, overlap(.5, .5, 1, 0, false, true));
    assertEquals(6.418670e-4, g[3], 5e-10);
    Batch pixel = labels(2, 1, new float[] {5.467378f, -4.91864f}, 0);
    assertEquals(-2.589179e-5, gradient(pixel, overlap(.5, .5, 1, .38, true, false))[0], 5e-12);
  }

  @Test
  void infiniteLogitsAreTakenToTheirLimit() {
    Batch batch = labels(2, 1, new float[] {Float.NEGATIVE_INFINITY, 0}, 0);
    double[] g = gradient(batch, new LossOptions.SoftmaxFocal(true, 2, -1));
    assertEquals(-.5, g[0]);
    assertEquals(.5, g[1]);
  }

  @Test
  void gradientOffByTwoHundredThousandthsIsFound() {
    Batch batch = new Batch(Layout.ELEMENTS, false, 1, 1, 4, X, Y, null, null);
    var parts = List.of(new Weighted(new LossOptions.Bce(true, 0, List.of()), 1));
    var judge = new LossJudge(batch, parts, Form.MIN, false, 1);
    double[] g = gradient(batch, parts.getFirst().options());
    float[] right = new float[4];
    for (int i = 0; i < 4; i++) {
      right[i] = (float) g[i];
    }
    float value = (float) define(batch, parts.getFirst().options()).value();
    assertNull(judge.judge(value, right).failure());
    assertNotNull(judge.judge(value * 1.000002f, right).failure());
    right[2] += (float) (2e-5 * .1436106292);
    assertNotNull(judge.judge(value, right).failure());
  }

  @Test
  void eitherSideOfATieIsRightAndBetweenIsNot() {
    Batch batch =
        new Batch(
            Layout.ELEMENTS,
            true,
            1,
            1,
            2,
            new float[] {.25f, .75f},
            new float[] {.25f, 1},
            null,
            null);
    var parts = List.of(new Weighted(overlap(.5, .5, 1, 0, false, true), 1));
    var judge = new LossJudge(batch, parts, Form.MIN, false, 1);
    LossDefinition loss = define(batch, parts.getFirst().options());
    float value = (float) loss.value();
    double[] g = gradient(batch, parts.getFirst().options());
    double hit = g[1];
    double miss = 2 * g[0] - hit;
    assertEquals(false, judge.judge(value, new float[] {(float) g[0], (float) hit}).choseSide());
    assertEquals(true, judge.judge(value, new float[] {(float) hit, (float) hit}).choseSide());
    assertEquals(true, judge.judge(value, new float[] {(float) miss, (float) hit}).choseSide());
    float between = (float) (0.75 * hit + 0.25 * miss);
    assertNotNull(judge.judge(value, new float[] {between, (float) hit}).failure());
  }
}
