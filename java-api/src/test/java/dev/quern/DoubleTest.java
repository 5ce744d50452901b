package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.op.MatMul;
import dev.quern.spi.loss.SegmentationKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** F64 on the reference backend, against plain Java. */
class DoubleTest {
  private static final double[] X = {
    1.25, -2, 0, -0.0, 1e-300, 1e300, Double.NaN, Double.POSITIVE_INFINITY, -745, 800, 1.0 / 3
  };
  private static final double[] Y = {
    -3, 0, 5, 7, 1e-300, -1e300, 1, 2, Double.NaN, Double.NEGATIVE_INFINITY, 0.1
  };

  private Engine engine;

  @BeforeEach
  void open() {
    engine = Engine.open("reference");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private static double[] each(DoubleUnaryOperator function) {
    return IntStream.range(0, X.length).mapToDouble(i -> function.applyAsDouble(X[i])).toArray();
  }

  private static double[] each(DoubleBinaryOperator function) {
    return IntStream.range(0, X.length)
        .mapToDouble(i -> function.applyAsDouble(X[i], Y[i]))
        .toArray();
  }

  private static double[] random(int n, long seed) {
    return new SplittableRandom(seed).doubles(n, -1, 1).toArray();
  }

  @Test
  void computesElementwise() {
    Tensor x = engine.tensor(X, X.length);
    Tensor y = engine.tensor(Y, Y.length);
    assertArrayEquals(each((u, v) -> u + v), x.add(y).toDoubleArray());
    assertArrayEquals(each((u, v) -> u - v), x.subtract(y).toDoubleArray());
    assertArrayEquals(each((u, v) -> u * v), x.multiply(y).toDoubleArray());
    assertArrayEquals(each((u, v) -> u / v), x.divide(y).toDoubleArray());
    assertArrayEquals(each(Math::max), x.maximum(y).toDoubleArray());
    assertArrayEquals(each(Math::min), x.minimum(y).toDoubleArray());
    assertArrayEquals(each((u, v) -> v == 0 ? 0 : u), x.where(y).toDoubleArray());
    assertArrayEquals(each(v -> v * 0.1f), x.scale(0.1f).toDoubleArray());
    assertArrayEquals(each(StrictMath::exp), x.exp().toDoubleArray());
    assertArrayEquals(each(StrictMath::log), x.log().toDoubleArray());
    assertArrayEquals(each(v -> v > 0 ? 1 : v < 0 ? -1 : 0), x.sign().toDoubleArray());
    assertArrayEquals(each(v -> v != 1.25 ? 1 : 0), x.notEqual(1.25f).toDoubleArray());
    assertArrayEquals(each(v -> 1 / (1 + Math.exp(-v))), x.sigmoid().toDoubleArray(), 1e-15);
    double[] softplus = each(v -> v > 40 ? v : Math.log1p(Math.exp(v)));
    double[] found = x.softplus().toDoubleArray();
    for (int i = 0; i < X.length; i++) {
      double tolerance = 1e-15 * Math.abs(softplus[i]);
      boolean isExact = !Double.isFinite(softplus[i]) || tolerance == 0;
      assertEquals(softplus[i], found[i], isExact ? Double.MIN_VALUE : tolerance);
    }
  }

  @Test
  void addsVectorsSumsAndMultiplies() {
    double[] a = random(6 * 5, 1);
    double[] v = random(5, 2);
    Tensor x = engine.tensor(a, 6, 5);
    double[] added = x.addBroadcast(engine.tensor(v, 5), 1).toDoubleArray();
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      assertEquals(a[i] + v[i % 5], added[i]);
      sum += a[i];
    }
    assertArrayEquals(new double[] {sum}, x.sum().toDoubleArray());
    assertEquals(DType.F64, x.sum().dtype());

    double[] b = random(6 * 4, 3);
    Tensor y = engine.tensor(b, 6, 4);
    double[] expected = new double[5 * 4];
    for (int r = 0; r < 5; r++) {
      for (int c = 0; c < 4; c++) {
        for (int k = 0; k < 6; k++) {
          expected[4 * r + c] += a[5 * k + r] * b[4 * k + c];
        }
      }
    }
    assertArrayEquals(expected, x.matmul(y, true, false).toDoubleArray());
    Tensor twice = x.matmul(y, true, false);
    engine.accumulate(new MatMul(true, false), List.of(x, y), List.of(twice));
    double[] doubled = twice.toDoubleArray();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(2 * expected[i], doubled[i]);
    }
  }

  @Test
  void isConverted() {
    assertArrayEquals(
        new double[] {0, 200},
        engine.tensor(new byte[] {0, (byte) 200}, 2).toF64().toDoubleArray());
    assertArrayEquals(
        new double[] {1 << 30}, engine.tensor(new int[] {1 << 30}, 1).toF64().toDoubleArray());
    assertArrayEquals(
        new double[] {1L << 60}, engine.tensor(new long[] {1L << 60}, 1).toF64().toDoubleArray());
    assertArrayEquals(
        new double[] {0.1f}, engine.tensor(new float[] {0.1f}, 1).toF64().toDoubleArray());
    assertArrayEquals(
        new float[] {0.1f, Float.POSITIVE_INFINITY},
        engine.tensor(new double[] {0.1, 1e300}, 2).toF32().toFloatArray());
    Tensor x = engine.tensor(X, X.length);
    assertArrayEquals(X, x.toF64().toDoubleArray());
    x.fill(1.0 / 3);
    assertEquals(1.0 / 3, x.toDoubleArray()[4]);
  }

  @Test
  void worksOnBorrowedMemoryAtAMultipleOfFourBytes() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(28, 8).asSlice(4, 24);
      try (Tensor x = engine.borrow(memory, Access.READ_WRITE, DType.F64, Shape.of(3))) {
        x.fill(2.5);
        assertArrayEquals(new double[] {5, 5, 5}, x.add(x).toDoubleArray());
        assertArrayEquals(new double[] {7.5}, x.sum().toDoubleArray());
      }
    }
  }

  @Test
  void supportIsAsked() {
    assertTrue(engine.support(PointwiseKernels.class, DType.F64).isYes());
    assertTrue(engine.support(ReductionKernels.class, DType.F64).isYes());
    assertTrue(engine.support(MatrixKernels.class, DType.F64).isYes());
    assertFalse(engine.support(SegmentationKernels.class, DType.F64).isYes());
    assertFalse(engine.support(PointwiseKernels.class, DType.F16).isYes());
  }

  @Test
  void wrongDtypesAreRefused() {
    Tensor x = engine.tensor(X, X.length);
    assertThrows(IllegalArgumentException.class, x::toFloatArray);
    assertThrows(IllegalArgumentException.class, x.toF32()::toDoubleArray);
    assertThrows(IllegalArgumentException.class, () -> x.add(x.toF32()));
  }
}
