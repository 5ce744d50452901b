package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Tiles of the weight gradient: some input channels times some vectors of outputs, of one tap, over
 * a rectangle of results. The accumulators begin with what is there, so an element is one chain of
 * fused multiply-adds over rows and pixels in order, however the rows are cut into calls.
 *
 * <p>In all of them {@code x} is read at {@code xAt + row * xRow + pixel * xStep}, the gradient
 * {@code d} likewise, and the accumulators of channel m lie at {@code gAt + m * gStep}.
 */
final class WeightGradientTiles {
  private WeightGradientTiles() {}

  static void tile8x2(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s01 = FloatVector.fromArray(SPECIES, g, gAt + LANES);
    FloatVector s10 = FloatVector.fromArray(SPECIES, g, gAt + gStep);
    FloatVector s11 = FloatVector.fromArray(SPECIES, g, gAt + gStep + LANES);
    FloatVector s20 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep);
    FloatVector s21 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep + LANES);
    FloatVector s30 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep);
    FloatVector s31 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep + LANES);
    FloatVector s40 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep);
    FloatVector s41 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep + LANES);
    FloatVector s50 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep);
    FloatVector s51 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep + LANES);
    FloatVector s60 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep);
    FloatVector s61 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep + LANES);
    FloatVector s70 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep);
    FloatVector s71 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep + LANES);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector d1 = FloatVector.fromArray(SPECIES, d, b + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      s01 = x0.fma(d1, s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + 1]);
      s10 = x1.fma(d0, s10);
      s11 = x1.fma(d1, s11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2]);
      s20 = x2.fma(d0, s20);
      s21 = x2.fma(d1, s21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3]);
      s30 = x3.fma(d0, s30);
      s31 = x3.fma(d1, s31);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4]);
      s40 = x4.fma(d0, s40);
      s41 = x4.fma(d1, s41);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5]);
      s50 = x5.fma(d0, s50);
      s51 = x5.fma(d1, s51);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[a + 6]);
      s60 = x6.fma(d0, s60);
      s61 = x6.fma(d1, s61);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[a + 7]);
      s70 = x7.fma(d0, s70);
      s71 = x7.fma(d1, s71);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s01.intoArray(g, gAt + LANES);
    s10.intoArray(g, gAt + gStep);
    s11.intoArray(g, gAt + gStep + LANES);
    s20.intoArray(g, gAt + 2 * gStep);
    s21.intoArray(g, gAt + 2 * gStep + LANES);
    s30.intoArray(g, gAt + 3 * gStep);
    s31.intoArray(g, gAt + 3 * gStep + LANES);
    s40.intoArray(g, gAt + 4 * gStep);
    s41.intoArray(g, gAt + 4 * gStep + LANES);
    s50.intoArray(g, gAt + 5 * gStep);
    s51.intoArray(g, gAt + 5 * gStep + LANES);
    s60.intoArray(g, gAt + 6 * gStep);
    s61.intoArray(g, gAt + 6 * gStep + LANES);
    s70.intoArray(g, gAt + 7 * gStep);
    s71.intoArray(g, gAt + 7 * gStep + LANES);
  }

  static void tile8x1(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s10 = FloatVector.fromArray(SPECIES, g, gAt + gStep);
    FloatVector s20 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep);
    FloatVector s30 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep);
    FloatVector s40 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep);
    FloatVector s50 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep);
    FloatVector s60 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep);
    FloatVector s70 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + 1]);
      s10 = x1.fma(d0, s10);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2]);
      s20 = x2.fma(d0, s20);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3]);
      s30 = x3.fma(d0, s30);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4]);
      s40 = x4.fma(d0, s40);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5]);
      s50 = x5.fma(d0, s50);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[a + 6]);
      s60 = x6.fma(d0, s60);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[a + 7]);
      s70 = x7.fma(d0, s70);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s10.intoArray(g, gAt + gStep);
    s20.intoArray(g, gAt + 2 * gStep);
    s30.intoArray(g, gAt + 3 * gStep);
    s40.intoArray(g, gAt + 4 * gStep);
    s50.intoArray(g, gAt + 5 * gStep);
    s60.intoArray(g, gAt + 6 * gStep);
    s70.intoArray(g, gAt + 7 * gStep);
  }

  static void tile4x2(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s01 = FloatVector.fromArray(SPECIES, g, gAt + LANES);
    FloatVector s10 = FloatVector.fromArray(SPECIES, g, gAt + gStep);
    FloatVector s11 = FloatVector.fromArray(SPECIES, g, gAt + gStep + LANES);
    FloatVector s20 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep);
    FloatVector s21 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep + LANES);
    FloatVector s30 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep);
    FloatVector s31 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep + LANES);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector d1 = FloatVector.fromArray(SPECIES, d, b + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      s01 = x0.fma(d1, s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + 1]);
      s10 = x1.fma(d0, s10);
      s11 = x1.fma(d1, s11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2]);
      s20 = x2.fma(d0, s20);
      s21 = x2.fma(d1, s21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3]);
      s30 = x3.fma(d0, s30);
      s31 = x3.fma(d1, s31);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s01.intoArray(g, gAt + LANES);
    s10.intoArray(g, gAt + gStep);
    s11.intoArray(g, gAt + gStep + LANES);
    s20.intoArray(g, gAt + 2 * gStep);
    s21.intoArray(g, gAt + 2 * gStep + LANES);
    s30.intoArray(g, gAt + 3 * gStep);
    s31.intoArray(g, gAt + 3 * gStep + LANES);
  }

  static void tile4x1(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s10 = FloatVector.fromArray(SPECIES, g, gAt + gStep);
    FloatVector s20 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep);
    FloatVector s30 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + 1]);
      s10 = x1.fma(d0, s10);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2]);
      s20 = x2.fma(d0, s20);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3]);
      s30 = x3.fma(d0, s30);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s10.intoArray(g, gAt + gStep);
    s20.intoArray(g, gAt + 2 * gStep);
    s30.intoArray(g, gAt + 3 * gStep);
  }

  static void tile1x2(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s01 = FloatVector.fromArray(SPECIES, g, gAt + LANES);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector d1 = FloatVector.fromArray(SPECIES, d, b + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      s01 = x0.fma(d1, s01);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s01.intoArray(g, gAt + LANES);
  }

  static void tile1x1(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
  }

  /**
   * Three neighbouring taps of 8 channels, one vector of outputs: the gradients of three
   * neighbouring results share each broadcast. That of the first tap is at {@code dAt}, those of
   * the others lie before it; their accumulators are {@code tapStep} apart.
   */
  static void taps8x3(
      float[] x,
      int xAt,
      int xRow,
      int xStep,
      float[] d,
      int dAt,
      int dRow,
      int dStep,
      int rows,
      int pixels,
      float[] g,
      int gAt,
      int gStep,
      int tapStep) {
    FloatVector s00 = FloatVector.fromArray(SPECIES, g, gAt);
    FloatVector s01 = FloatVector.fromArray(SPECIES, g, gAt + tapStep);
    FloatVector s02 = FloatVector.fromArray(SPECIES, g, gAt + 2 * tapStep);
    FloatVector s10 = FloatVector.fromArray(SPECIES, g, gAt + gStep);
    FloatVector s11 = FloatVector.fromArray(SPECIES, g, gAt + gStep + tapStep);
    FloatVector s12 = FloatVector.fromArray(SPECIES, g, gAt + gStep + 2 * tapStep);
    FloatVector s20 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep);
    FloatVector s21 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep + tapStep);
    FloatVector s22 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gStep + 2 * tapStep);
    FloatVector s30 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep);
    FloatVector s31 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep + tapStep);
    FloatVector s32 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gStep + 2 * tapStep);
    FloatVector s40 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep);
    FloatVector s41 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep + tapStep);
    FloatVector s42 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gStep + 2 * tapStep);
    FloatVector s50 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep);
    FloatVector s51 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep + tapStep);
    FloatVector s52 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gStep + 2 * tapStep);
    FloatVector s60 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep);
    FloatVector s61 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep + tapStep);
    FloatVector s62 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gStep + 2 * tapStep);
    FloatVector s70 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep);
    FloatVector s71 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep + tapStep);
    FloatVector s72 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gStep + 2 * tapStep);
    int a = xAt;
    int b = dAt;
    int inRow = pixels;
    int count = rows * pixels;
    for (int i = 0; i < count; i++) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, d, b);
      FloatVector d1 = FloatVector.fromArray(SPECIES, d, b - dStep);
      FloatVector d2 = FloatVector.fromArray(SPECIES, d, b - 2 * dStep);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[a]);
      s00 = x0.fma(d0, s00);
      s01 = x0.fma(d1, s01);
      s02 = x0.fma(d2, s02);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[a + 1]);
      s10 = x1.fma(d0, s10);
      s11 = x1.fma(d1, s11);
      s12 = x1.fma(d2, s12);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[a + 2]);
      s20 = x2.fma(d0, s20);
      s21 = x2.fma(d1, s21);
      s22 = x2.fma(d2, s22);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[a + 3]);
      s30 = x3.fma(d0, s30);
      s31 = x3.fma(d1, s31);
      s32 = x3.fma(d2, s32);
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[a + 4]);
      s40 = x4.fma(d0, s40);
      s41 = x4.fma(d1, s41);
      s42 = x4.fma(d2, s42);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[a + 5]);
      s50 = x5.fma(d0, s50);
      s51 = x5.fma(d1, s51);
      s52 = x5.fma(d2, s52);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[a + 6]);
      s60 = x6.fma(d0, s60);
      s61 = x6.fma(d1, s61);
      s62 = x6.fma(d2, s62);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[a + 7]);
      s70 = x7.fma(d0, s70);
      s71 = x7.fma(d1, s71);
      s72 = x7.fma(d2, s72);
      a += xStep;
      b += dStep;
      if (--inRow == 0) {
        inRow = pixels;
        a += xRow - pixels * xStep;
        b += dRow - pixels * dStep;
      }
    }
    s00.intoArray(g, gAt);
    s01.intoArray(g, gAt + tapStep);
    s02.intoArray(g, gAt + 2 * tapStep);
    s10.intoArray(g, gAt + gStep);
    s11.intoArray(g, gAt + gStep + tapStep);
    s12.intoArray(g, gAt + gStep + 2 * tapStep);
    s20.intoArray(g, gAt + 2 * gStep);
    s21.intoArray(g, gAt + 2 * gStep + tapStep);
    s22.intoArray(g, gAt + 2 * gStep + 2 * tapStep);
    s30.intoArray(g, gAt + 3 * gStep);
    s31.intoArray(g, gAt + 3 * gStep + tapStep);
    s32.intoArray(g, gAt + 3 * gStep + 2 * tapStep);
    s40.intoArray(g, gAt + 4 * gStep);
    s41.intoArray(g, gAt + 4 * gStep + tapStep);
    s42.intoArray(g, gAt + 4 * gStep + 2 * tapStep);
    s50.intoArray(g, gAt + 5 * gStep);
    s51.intoArray(g, gAt + 5 * gStep + tapStep);
    s52.intoArray(g, gAt + 5 * gStep + 2 * tapStep);
    s60.intoArray(g, gAt + 6 * gStep);
    s61.intoArray(g, gAt + 6 * gStep + tapStep);
    s62.intoArray(g, gAt + 6 * gStep + 2 * tapStep);
    s70.intoArray(g, gAt + 7 * gStep);
    s71.intoArray(g, gAt + 7 * gStep + tapStep);
    s72.intoArray(g, gAt + 7 * gStep + 2 * tapStep);
  }
}
