package dev.quern.simd.normalization;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.VectorMath;
import jdk.incubator.vector.FloatVector;

/**
 * The steps of a softmax down the columns of a tile: {@code rows} rows of {@code width} floats, a
 * multiple of every vector's lanes. Each column has its own fixed order.
 */
final class SoftmaxTiles {
  /** Rows whose sum is begun anew, so that long columns lose as little as two short ones. */
  private static final int DEPTH = 64;

  private SoftmaxTiles() {}

  /** The greatest of each column, NaN if there is one. */
  static void greatest(float[] x, int rows, int width, float[] most) {
    for (int c = 0; c < width; c += LANES) {
      FloatVector greatest = lanes(Float.NEGATIVE_INFINITY);
      for (int r = 0; r < rows; r++) {
        greatest = greatest.max(FloatVector.fromArray(SPECIES, x, r * width + c));
      }
      greatest.intoArray(most, c);
    }
  }

  /** e = e^(x - most). */
  static void exponentials(float[] x, int rows, int width, float[] most, float[] e) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c += LANES) {
        int at = r * width + c;
        FloatVector v = FloatVector.fromArray(SPECIES, x, at);
        v = v.sub(FloatVector.fromArray(SPECIES, most, c));
        VectorMath.expNonPositive(v).intoArray(e, at);
      }
    }
  }

  /** e = e^x for x at most 0. */
  static void exponentials(float[] x, int n, float[] e) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.expNonPositive(FloatVector.fromArray(SPECIES, x, i)).intoArray(e, i);
    }
  }

  /** The sum of each column. */
  static void sums(float[] x, int rows, int width, float[] sums) {
    for (int c = 0; c < width; c += LANES) {
      FloatVector all = lanes(0.0f);
      for (int first = 0; first < rows; first += DEPTH) {
        int end = Math.min(rows, first + DEPTH);
        FloatVector sum = lanes(0.0f);
        for (int r = first; r < end; r++) {
          sum = sum.add(FloatVector.fromArray(SPECIES, x, r * width + c));
        }
        all = all.add(sum);
      }
      all.intoArray(sums, c);
    }
  }

  /** The sum of the products of each column. */
  static void products(float[] x, float[] y, int rows, int width, float[] sums) {
    for (int c = 0; c < width; c += LANES) {
      FloatVector all = lanes(0.0f);
      for (int first = 0; first < rows; first += DEPTH) {
        int end = Math.min(rows, first + DEPTH);
        FloatVector sum = lanes(0.0f);
        for (int r = first; r < end; r++) {
          int at = r * width + c;
          FloatVector v = FloatVector.fromArray(SPECIES, x, at);
          sum = v.fma(FloatVector.fromArray(SPECIES, y, at), sum);
        }
        all = all.add(sum);
      }
      all.intoArray(sums, c);
    }
  }

  /** x = e / sums. */
  static void divide(float[] e, int rows, int width, float[] sums, float[] x) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c += LANES) {
        int at = r * width + c;
        FloatVector v = FloatVector.fromArray(SPECIES, e, at);
        v.div(FloatVector.fromArray(SPECIES, sums, c)).intoArray(x, at);
      }
    }
  }

  /** sums = ln(sums). */
  static void logarithms(float[] sums, int width) {
    for (int c = 0; c < width; c += LANES) {
      VectorMath.log(FloatVector.fromArray(SPECIES, sums, c)).intoArray(sums, c);
    }
  }

  /** x = x - most - logarithms. */
  static void subtract(float[] x, int rows, int width, float[] most, float[] logarithms) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c += LANES) {
        int at = r * width + c;
        FloatVector v = FloatVector.fromArray(SPECIES, x, at);
        v = v.sub(FloatVector.fromArray(SPECIES, most, c));
        v.sub(FloatVector.fromArray(SPECIES, logarithms, c)).intoArray(x, at);
      }
    }
  }

  /** g = y * (g - sums). */
  static void gradient(float[] g, float[] y, int rows, int width, float[] sums) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c += LANES) {
        int at = r * width + c;
        FloatVector v = FloatVector.fromArray(SPECIES, g, at);
        v = v.sub(FloatVector.fromArray(SPECIES, sums, c));
        v.mul(FloatVector.fromArray(SPECIES, y, at)).intoArray(g, at);
      }
    }
  }

  /** g = g - e * sums. */
  static void gradientOfLogarithm(float[] g, float[] e, int rows, int width, float[] sums) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c += LANES) {
        int at = r * width + c;
        FloatVector v = FloatVector.fromArray(SPECIES, e, at);
        FloatVector s = FloatVector.fromArray(SPECIES, sums, c).neg();
        v.fma(s, FloatVector.fromArray(SPECIES, g, at)).intoArray(g, at);
      }
    }
  }
}
