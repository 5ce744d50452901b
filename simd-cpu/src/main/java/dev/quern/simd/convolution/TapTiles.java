package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Tiles of three neighbouring taps in a row, for vectors of 16 lanes: each pixel is broadcast once
 * and goes into all the results that see it, so a tile of 8 x 1 loads 13 times for 24 fused
 * multiply-adds and not 27 times. A processor that does one 512-bit multiply-add a cycle and not
 * many more loads is kept busy so also where there are only 16 outputs.
 *
 * <p>A tile's number of pixels times vectors is its number of accumulators. Each is one chain, rows
 * first, then channels, then taps, as in {@link PlainTiles}. A tile is one method, called and not
 * inlined; 72 multiply-adds in its loop are about what C2 still takes. Rows and channels are one
 * loop: an inner one of 16 channels spends a tenth of its time on beginning and ending.
 */
final class TapTiles {
  private TapTiles() {}

  /**
   * Computes a row of results of one panel.
   *
   * @param vectors the width of the panel, 1 to 4
   * @param pixels how many results; a multiple of 8 is written
   * @param x the staged patch
   * @param xAt the first element that the first result sees
   * @param rowStep from one row of taps to the next
   * @param rows the rows of taps
   * @param channels inputs that are summed
   * @param pixel from one pixel to the next
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
      int pixel,
      float[] w,
      int wAt,
      float[] y) {
    switch (vectors) {
      case 1 -> {
        for (int p = 0; p < pixels; p += 8) {
          tile8x1(x, xAt + p * pixel, rowStep, rows, channels, pixel, w, wAt, y, p * LANES);
        }
      }
      case 2 -> {
        for (int p = 0; p < pixels; p += 4) {
          tile4x2(x, xAt + p * pixel, rowStep, rows, channels, pixel, w, wAt, y, p * 2 * LANES);
        }
      }
      case 3 -> {
        for (int p = 0; p < pixels; p += 4) {
          tile4x3(x, xAt + p * pixel, rowStep, rows, channels, pixel, w, wAt, y, p * 3 * LANES);
        }
      }
      case 4 -> {
        for (int p = 0; p < pixels; p += 4) {
          tile4x4(x, xAt + p * pixel, rowStep, rows, channels, pixel, w, wAt, y, p * 4 * LANES);
        }
      }
      default -> throw new IllegalArgumentException(vectors + " vectors");
    }
  }

  private static void tile8x1(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
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
    FloatVector s60 = FloatVector.zero(SPECIES);
    FloatVector s70 = FloatVector.zero(SPECIES);
    int a = xAt;
    int b = wAt;
    int inRow = channels;
    int count = rows * channels;
    for (int i = 0; i < count; i++) {
      FloatVector w00 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector w10 = FloatVector.fromArray(SPECIES, w, b + LANES);
      FloatVector w20 = FloatVector.fromArray(SPECIES, w, b + 2 * LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w00, s00);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w00, s10);
      s00 = x1.fma(w10, s00);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w00, s20);
      s10 = x2.fma(w10, s10);
      s00 = x2.fma(w20, s00);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w00, s30);
      s20 = x3.fma(w10, s20);
      s10 = x3.fma(w20, s10);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s40 = x4.fma(w00, s40);
      s30 = x4.fma(w10, s30);
      s20 = x4.fma(w20, s20);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s50 = x5.fma(w00, s50);
      s40 = x5.fma(w10, s40);
      s30 = x5.fma(w20, s30);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[a + 6 * pixel]);
      s60 = x6.fma(w00, s60);
      s50 = x6.fma(w10, s50);
      s40 = x6.fma(w20, s40);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[a + 7 * pixel]);
      s70 = x7.fma(w00, s70);
      s60 = x7.fma(w10, s60);
      s50 = x7.fma(w20, s50);
      FloatVector x8 = FloatVector.broadcast(SPECIES, x[a + 8 * pixel]);
      s70 = x8.fma(w10, s70);
      s60 = x8.fma(w20, s60);
      FloatVector x9 = FloatVector.broadcast(SPECIES, x[a + 9 * pixel]);
      s70 = x9.fma(w20, s70);
      a++;
      b += 3 * LANES;
      if (--inRow == 0) {
        inRow = channels;
        a += rowStep - channels;
      }
    }
    s00.intoArray(y, yAt);
    s10.intoArray(y, yAt + LANES);
    s20.intoArray(y, yAt + 2 * LANES);
    s30.intoArray(y, yAt + 3 * LANES);
    s40.intoArray(y, yAt + 4 * LANES);
    s50.intoArray(y, yAt + 5 * LANES);
    s60.intoArray(y, yAt + 6 * LANES);
    s70.intoArray(y, yAt + 7 * LANES);
  }

  private static void tile4x2(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
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
    int a = xAt;
    int b = wAt;
    int inRow = channels;
    int count = rows * channels;
    for (int i = 0; i < count; i++) {
      FloatVector w00 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector w01 = FloatVector.fromArray(SPECIES, w, b + LANES);
      FloatVector w10 = FloatVector.fromArray(SPECIES, w, b + 2 * LANES);
      FloatVector w11 = FloatVector.fromArray(SPECIES, w, b + 3 * LANES);
      FloatVector w20 = FloatVector.fromArray(SPECIES, w, b + 4 * LANES);
      FloatVector w21 = FloatVector.fromArray(SPECIES, w, b + 5 * LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w00, s00);
      s01 = x0.fma(w01, s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w00, s10);
      s11 = x1.fma(w01, s11);
      s00 = x1.fma(w10, s00);
      s01 = x1.fma(w11, s01);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w00, s20);
      s21 = x2.fma(w01, s21);
      s10 = x2.fma(w10, s10);
      s11 = x2.fma(w11, s11);
      s00 = x2.fma(w20, s00);
      s01 = x2.fma(w21, s01);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w00, s30);
      s31 = x3.fma(w01, s31);
      s20 = x3.fma(w10, s20);
      s21 = x3.fma(w11, s21);
      s10 = x3.fma(w20, s10);
      s11 = x3.fma(w21, s11);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s30 = x4.fma(w10, s30);
      s31 = x4.fma(w11, s31);
      s20 = x4.fma(w20, s20);
      s21 = x4.fma(w21, s21);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s30 = x5.fma(w20, s30);
      s31 = x5.fma(w21, s31);
      a++;
      b += 6 * LANES;
      if (--inRow == 0) {
        inRow = channels;
        a += rowStep - channels;
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
  }

  private static void tile4x3(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
      int pixel,
      float[] w,
      int wAt,
      float[] y,
      int yAt) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s02 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s12 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s22 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    FloatVector s32 = FloatVector.zero(SPECIES);
    int a = xAt;
    int b = wAt;
    int inRow = channels;
    int count = rows * channels;
    for (int i = 0; i < count; i++) {
      FloatVector w00 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector w01 = FloatVector.fromArray(SPECIES, w, b + LANES);
      FloatVector w02 = FloatVector.fromArray(SPECIES, w, b + 2 * LANES);
      FloatVector w10 = FloatVector.fromArray(SPECIES, w, b + 3 * LANES);
      FloatVector w11 = FloatVector.fromArray(SPECIES, w, b + 4 * LANES);
      FloatVector w12 = FloatVector.fromArray(SPECIES, w, b + 5 * LANES);
      FloatVector w20 = FloatVector.fromArray(SPECIES, w, b + 6 * LANES);
      FloatVector w21 = FloatVector.fromArray(SPECIES, w, b + 7 * LANES);
      FloatVector w22 = FloatVector.fromArray(SPECIES, w, b + 8 * LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w00, s00);
      s01 = x0.fma(w01, s01);
      s02 = x0.fma(w02, s02);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w00, s10);
      s11 = x1.fma(w01, s11);
      s12 = x1.fma(w02, s12);
      s00 = x1.fma(w10, s00);
      s01 = x1.fma(w11, s01);
      s02 = x1.fma(w12, s02);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w00, s20);
      s21 = x2.fma(w01, s21);
      s22 = x2.fma(w02, s22);
      s10 = x2.fma(w10, s10);
      s11 = x2.fma(w11, s11);
      s12 = x2.fma(w12, s12);
      s00 = x2.fma(w20, s00);
      s01 = x2.fma(w21, s01);
      s02 = x2.fma(w22, s02);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w00, s30);
      s31 = x3.fma(w01, s31);
      s32 = x3.fma(w02, s32);
      s20 = x3.fma(w10, s20);
      s21 = x3.fma(w11, s21);
      s22 = x3.fma(w12, s22);
      s10 = x3.fma(w20, s10);
      s11 = x3.fma(w21, s11);
      s12 = x3.fma(w22, s12);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s30 = x4.fma(w10, s30);
      s31 = x4.fma(w11, s31);
      s32 = x4.fma(w12, s32);
      s20 = x4.fma(w20, s20);
      s21 = x4.fma(w21, s21);
      s22 = x4.fma(w22, s22);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s30 = x5.fma(w20, s30);
      s31 = x5.fma(w21, s31);
      s32 = x5.fma(w22, s32);
      a++;
      b += 9 * LANES;
      if (--inRow == 0) {
        inRow = channels;
        a += rowStep - channels;
      }
    }
    s00.intoArray(y, yAt);
    s01.intoArray(y, yAt + LANES);
    s02.intoArray(y, yAt + 2 * LANES);
    s10.intoArray(y, yAt + 3 * LANES);
    s11.intoArray(y, yAt + 4 * LANES);
    s12.intoArray(y, yAt + 5 * LANES);
    s20.intoArray(y, yAt + 6 * LANES);
    s21.intoArray(y, yAt + 7 * LANES);
    s22.intoArray(y, yAt + 8 * LANES);
    s30.intoArray(y, yAt + 9 * LANES);
    s31.intoArray(y, yAt + 10 * LANES);
    s32.intoArray(y, yAt + 11 * LANES);
  }

  private static void tile4x4(
      float[] x,
      int xAt,
      int rowStep,
      int rows,
      int channels,
      int pixel,
      float[] w,
      int wAt,
      float[] y,
      int yAt) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s02 = FloatVector.zero(SPECIES);
    FloatVector s03 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s12 = FloatVector.zero(SPECIES);
    FloatVector s13 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s22 = FloatVector.zero(SPECIES);
    FloatVector s23 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    FloatVector s32 = FloatVector.zero(SPECIES);
    FloatVector s33 = FloatVector.zero(SPECIES);
    int a = xAt;
    int b = wAt;
    int inRow = channels;
    int count = rows * channels;
    for (int i = 0; i < count; i++) {
      FloatVector w00 = FloatVector.fromArray(SPECIES, w, b);
      FloatVector w01 = FloatVector.fromArray(SPECIES, w, b + LANES);
      FloatVector w02 = FloatVector.fromArray(SPECIES, w, b + 2 * LANES);
      FloatVector w03 = FloatVector.fromArray(SPECIES, w, b + 3 * LANES);
      FloatVector w10 = FloatVector.fromArray(SPECIES, w, b + 4 * LANES);
      FloatVector w11 = FloatVector.fromArray(SPECIES, w, b + 5 * LANES);
      FloatVector w12 = FloatVector.fromArray(SPECIES, w, b + 6 * LANES);
      FloatVector w13 = FloatVector.fromArray(SPECIES, w, b + 7 * LANES);
      FloatVector w20 = FloatVector.fromArray(SPECIES, w, b + 8 * LANES);
      FloatVector w21 = FloatVector.fromArray(SPECIES, w, b + 9 * LANES);
      FloatVector w22 = FloatVector.fromArray(SPECIES, w, b + 10 * LANES);
      FloatVector w23 = FloatVector.fromArray(SPECIES, w, b + 11 * LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(w00, s00);
      s01 = x0.fma(w01, s01);
      s02 = x0.fma(w02, s02);
      s03 = x0.fma(w03, s03);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + pixel]);
      s10 = x1.fma(w00, s10);
      s11 = x1.fma(w01, s11);
      s12 = x1.fma(w02, s12);
      s13 = x1.fma(w03, s13);
      s00 = x1.fma(w10, s00);
      s01 = x1.fma(w11, s01);
      s02 = x1.fma(w12, s02);
      s03 = x1.fma(w13, s03);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2 * pixel]);
      s20 = x2.fma(w00, s20);
      s21 = x2.fma(w01, s21);
      s22 = x2.fma(w02, s22);
      s23 = x2.fma(w03, s23);
      s10 = x2.fma(w10, s10);
      s11 = x2.fma(w11, s11);
      s12 = x2.fma(w12, s12);
      s13 = x2.fma(w13, s13);
      s00 = x2.fma(w20, s00);
      s01 = x2.fma(w21, s01);
      s02 = x2.fma(w22, s02);
      s03 = x2.fma(w23, s03);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3 * pixel]);
      s30 = x3.fma(w00, s30);
      s31 = x3.fma(w01, s31);
      s32 = x3.fma(w02, s32);
      s33 = x3.fma(w03, s33);
      s20 = x3.fma(w10, s20);
      s21 = x3.fma(w11, s21);
      s22 = x3.fma(w12, s22);
      s23 = x3.fma(w13, s23);
      s10 = x3.fma(w20, s10);
      s11 = x3.fma(w21, s11);
      s12 = x3.fma(w22, s12);
      s13 = x3.fma(w23, s13);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4 * pixel]);
      s30 = x4.fma(w10, s30);
      s31 = x4.fma(w11, s31);
      s32 = x4.fma(w12, s32);
      s33 = x4.fma(w13, s33);
      s20 = x4.fma(w20, s20);
      s21 = x4.fma(w21, s21);
      s22 = x4.fma(w22, s22);
      s23 = x4.fma(w23, s23);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5 * pixel]);
      s30 = x5.fma(w20, s30);
      s31 = x5.fma(w21, s31);
      s32 = x5.fma(w22, s32);
      s33 = x5.fma(w23, s33);
      a++;
      b += 12 * LANES;
      if (--inRow == 0) {
        inRow = channels;
        a += rowStep - channels;
      }
    }
    s00.intoArray(y, yAt);
    s01.intoArray(y, yAt + LANES);
    s02.intoArray(y, yAt + 2 * LANES);
    s03.intoArray(y, yAt + 3 * LANES);
    s10.intoArray(y, yAt + 4 * LANES);
    s11.intoArray(y, yAt + 5 * LANES);
    s12.intoArray(y, yAt + 6 * LANES);
    s13.intoArray(y, yAt + 7 * LANES);
    s20.intoArray(y, yAt + 8 * LANES);
    s21.intoArray(y, yAt + 9 * LANES);
    s22.intoArray(y, yAt + 10 * LANES);
    s23.intoArray(y, yAt + 11 * LANES);
    s30.intoArray(y, yAt + 12 * LANES);
    s31.intoArray(y, yAt + 13 * LANES);
    s32.intoArray(y, yAt + 14 * LANES);
    s33.intoArray(y, yAt + 15 * LANES);
  }
}
