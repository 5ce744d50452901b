package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * The tiles of {@link PlainTiles} for vectors of 8 or 4 lanes, of which there may be only 16
 * registers: twelve accumulators, two weights and a pixel fit. Chains and bits are the same.
 */
final class NarrowTiles {
  private NarrowTiles() {}

  /**
   * Computes a row of results of one panel.
   *
   * @param vectors the width of the panel, 1 to 2
   * @param pixels how many results; a multiple of 6 is written
   * @param x the staged patch
   * @param xAt the first element that the first result sees
   * @param rowStep from one row of taps to the next
   * @param rows the rows of taps
   * @param channels inputs that are summed
   * @param taps the taps of a row
   * @param tapStep from one tap to the next
   * @param pixel from one pixel of the results to the next, in the patch
   * @param w the packed weights
   * @param wAt where the panel begins
   * @param y the results, pixel by pixel, {@code vectors} wide
   */
  static void row(
      int vectors,
      int pixels,
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
      int taps,
      int tapStep,
      int pixel,
      float[] w,
      int wAt,
      float[] y) {
    switch (vectors) {
      case 1 -> {
        for (int p = 0; p < pixels; p += 6) {
          tile6x1(
              x,
              xAt + p * pixel,
              rowStep,
              rows,
              channels,
              taps,
              tapStep,
              pixel,
              w,
              wAt,
              y,
              p * LANES);
        }
      }
      case 2 -> {
        for (int p = 0; p < pixels; p += 6) {
          tile6x2(
              x,
              xAt + p * pixel,
              rowStep,
              rows,
              channels,
              taps,
              tapStep,
              pixel,
              w,
              wAt,
              y,
              p * 2 * LANES);
        }
      }
      default -> throw new IllegalArgumentException(vectors + " vectors");
    }
  }

  private static void tile6x1(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
      int taps,
      int tapStep,
      int pixel,
      float[] w,
      int wAt,
      float[] y,
      int yAt) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s40 = FloatVector.zero(SPECIES);
    FloatVector s50 = FloatVector.zero(SPECIES);
    int a = xAt;
    int b = wAt;
    int tapsLeft = taps;
    int inRow = channels;
    int count = rows * channels * taps;
    for (int i = 0; i < count; i++) {
      FloatVector w0 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w0, s00);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w0, s10);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w0, s20);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w0, s30);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s40 = x4.fma(w0, s40);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s50 = x5.fma(w0, s50);
      a += tapStep;
      b += LANES;
      if (--tapsLeft == 0) {
        tapsLeft = taps;
        a += 1 - taps * tapStep;
        if (--inRow == 0) {
          inRow = channels;
          a += rowStep - channels;
        }
      }
    }
    s00.intoArray(y, yAt);
    s10.intoArray(y, yAt + LANES);
    s20.intoArray(y, yAt + 2 * LANES);
    s30.intoArray(y, yAt + 3 * LANES);
    s40.intoArray(y, yAt + 4 * LANES);
    s50.intoArray(y, yAt + 5 * LANES);
  }

  private static void tile6x2(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
      int taps,
      int tapStep,
      int pixel,
      float[] w,
      int wAt,
      float[] y,
      int yAt) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    FloatVector s40 = FloatVector.zero(SPECIES);
    FloatVector s41 = FloatVector.zero(SPECIES);
    FloatVector s50 = FloatVector.zero(SPECIES);
    FloatVector s51 = FloatVector.zero(SPECIES);
    int a = xAt;
    int b = wAt;
    int tapsLeft = taps;
    int inRow = channels;
    int count = rows * channels * taps;
    for (int i = 0; i < count; i++) {
      FloatVector w0 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector w1 = FloatVector.fromArray(SPECIES, w, b + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w0, s00);
      s01 = x0.fma(w1, s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w0, s10);
      s11 = x1.fma(w1, s11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w0, s20);
      s21 = x2.fma(w1, s21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w0, s30);
      s31 = x3.fma(w1, s31);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s40 = x4.fma(w0, s40);
      s41 = x4.fma(w1, s41);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s50 = x5.fma(w0, s50);
      s51 = x5.fma(w1, s51);
      a += tapStep;
      b += 2 * LANES;
      if (--tapsLeft == 0) {
        tapsLeft = taps;
        a += 1 - taps * tapStep;
        if (--inRow == 0) {
          inRow = channels;
          a += rowStep - channels;
        }
      }
    }
    s00.intoArray(y, yAt);
    s01.intoArray(y, yAt + LANES);
    s10.intoArray(y, yAt + 2 * LANES);
    s11.intoArray(y, yAt + 3 * LANES);
    s20.intoArray(y, yAt + 4 * LANES);
    s21.intoArray(y, yAt + 5 * LANES);
    s30.intoArray(y, yAt + 6 * LANES);
    s31.intoArray(y, yAt + 7 * LANES);
    s40.intoArray(y, yAt + 8 * LANES);
    s41.intoArray(y, yAt + 9 * LANES);
    s50.intoArray(y, yAt + 10 * LANES);
    s51.intoArray(y, yAt + 11 * LANES);
  }
}
