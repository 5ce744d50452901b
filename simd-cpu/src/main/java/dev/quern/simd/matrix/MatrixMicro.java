package dev.quern.simd.matrix;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import jdk.incubator.vector.FloatVector;

/**
 * The packed panels of a tile of {@link MatrixTiles} and their product: 6 rows x 2 vectors of
 * results at a time, twelve accumulators, which fit the registers at every width and which the
 * compiler still inlines. Each result is one chain of fused multiply-adds over the block, so its
 * bits do not depend on the tile's shape.
 */
final class MatrixMicro {
  /** Rows of a micro-tile. */
  static final int HEIGHT = 6;

  /** Columns of a micro-tile. */
  static final int WIDTH = 2 * LANES;

  /** Panels of A. */
  final float[] left = new float[MatrixTiles.ROWS * MatrixTiles.DEPTH];

  /** Panels of B. */
  final float[] right = new float[MatrixTiles.COLUMNS * MatrixTiles.DEPTH];

  /** The tile's sums over the blocks so far, row by row. */
  final double[] sums = new double[MatrixTiles.ROWS * MatrixTiles.COLUMNS];

  private final float[] product = new float[HEIGHT * WIDTH];

  /** Adds the product of the panels to the sums. */
  void multiply(int height, int width, int depth) {
    for (int c = 0; c < width; c += WIDTH) {
      for (int r = 0; r < height; r += HEIGHT) {
        product(left, r * MatrixTiles.DEPTH, right, c * MatrixTiles.DEPTH, depth, product);
        for (int i = 0; i < HEIGHT; i++) {
          int at = (r + i) * MatrixTiles.COLUMNS + c;
          for (int j = 0; j < WIDTH; j++) {
            sums[at + j] += product[i * WIDTH + j];
          }
        }
      }
    }
  }

  private static void product(
      float[] left, int leftAt, float[] right, int rightAt, int depth, float[] out) {
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
    for (int d = 0; d < depth; d++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, right, rightAt + d * WIDTH);
      FloatVector b1 = FloatVector.fromArray(SPECIES, right, rightAt + d * WIDTH + LANES);
      int l = leftAt + d * HEIGHT;
      FloatVector a0 = lanes(left[l]);
      s00 = a0.fma(b0, s00);
      s01 = a0.fma(b1, s01);
      FloatVector a1 = lanes(left[l + 1]);
      s10 = a1.fma(b0, s10);
      s11 = a1.fma(b1, s11);
      FloatVector a2 = lanes(left[l + 2]);
      s20 = a2.fma(b0, s20);
      s21 = a2.fma(b1, s21);
      FloatVector a3 = lanes(left[l + 3]);
      s30 = a3.fma(b0, s30);
      s31 = a3.fma(b1, s31);
      FloatVector a4 = lanes(left[l + 4]);
      s40 = a4.fma(b0, s40);
      s41 = a4.fma(b1, s41);
      FloatVector a5 = lanes(left[l + 5]);
      s50 = a5.fma(b0, s50);
      s51 = a5.fma(b1, s51);
    }
    s00.intoArray(out, 0);
    s01.intoArray(out, LANES);
    s10.intoArray(out, WIDTH);
    s11.intoArray(out, WIDTH + LANES);
    s20.intoArray(out, 2 * WIDTH);
    s21.intoArray(out, 2 * WIDTH + LANES);
    s30.intoArray(out, 3 * WIDTH);
    s31.intoArray(out, 3 * WIDTH + LANES);
    s40.intoArray(out, 4 * WIDTH);
    s41.intoArray(out, 4 * WIDTH + LANES);
    s50.intoArray(out, 5 * WIDTH);
    s51.intoArray(out, 5 * WIDTH + LANES);
  }
}
