package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.gpu.host.StagingRing;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.opencl.host.Buffer;
import dev.quern.opencl.host.Context;
import dev.quern.opencl.host.Kernel;
import dev.quern.opencl.host.Program;
import dev.quern.opencl.host.Queue;
import dev.quern.opencl.host.Staging;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** f64 in integers against Java's own. */
class F64EmulationTest {
  private static final long SEED = 20;
  private static final int COUNT = 1 << 16;

  private static final String SOURCE =
      """
      #pragma OPENCL FP_CONTRACT OFF
      typedef struct {
        double value;
        float rounded;
        int below;
      } Result;

      __kernel void every(
          __global const double *a,
          const long a_offset,
          __global const double *b,
          const long b_offset,
          __global double *out,
          const long out_offset) {
        long i = get_global_id(0);
        double x = a[i], y = b[i];
        double results[16] = {0.0};
        results[0] = x + y;
        results[1] = x - y;
        results[2] = x * y;
        results[3] = x / y;
        results[4] = sqrt(x);
        Result r = {x, (float)x, x < y};
        results[5] = (double)r.rounded;
        results[6] = x < y ? 1.0 : x == y ? 2 : x > y ? 3.0 : 4.0f;
        results[7] = (double)i * -1.5;
        results[8] = log(x);
        results[9] = exp(x);
        results[10] = expm1(x);
        results[11] = pow(x < 0.0 ? -x : x, y);
        results[12] = (double)(long)(y > -1e18 && y < 1e18 ? y : 0.0);
        results[13] -= r.value;
        results[14] = isfinite(x) ? r.below : 7;
        for (int j = 0; j < 16; j++) {
          out[i * 16 + j] = results[j];
        }
      }
      """;

  @TempDir private Path folder;

  @Test
  void hasTheBitsOfJava() {
    double[] a = numbers(new Random(SEED));
    double[] b = numbers(new Random(SEED + 1));
    double[] found = run(a, b);
    for (int i = 0; i < COUNT; i++) {
      double x = a[i];
      double y = b[i];
      String what = "seed " + SEED + ": " + x + ", " + y;
      assertBits(x + y, found[i * 16], what + " +");
      assertBits(x - y, found[i * 16 + 1], what + " -");
      assertBits(x * y, found[i * 16 + 2], what + " *");
      assertBits(x / y, found[i * 16 + 3], what + " /");
      assertBits(Math.sqrt(x), found[i * 16 + 4], what + " sqrt");
      assertBits((float) x, found[i * 16 + 5], what + " float");
      assertBits(x < y ? 1 : x == y ? 2 : x > y ? 3 : 4, found[i * 16 + 6], what + " order");
      assertBits(i * -1.5, found[i * 16 + 7], what + " integer");
      assertBits(y > -1e18 && y < 1e18 ? (double) (long) y : 0, found[i * 16 + 12], what);
      assertBits(0.0 - x, found[i * 16 + 13], what + " -=");
      assertBits(Double.isFinite(x) ? (x < y ? 1 : 0) : 7, found[i * 16 + 14], what);
    }
  }

  @Test
  void comesNearTheFunctionsOfJava() {
    var random = new Random(SEED);
    double[] a = new double[COUNT];
    double[] b = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      a[i] = i % 3 == 0 ? Math.exp(random.nextGaussian() * 3) : random.nextGaussian() * 20;
      a[i] = i % 5 == 0 ? random.nextGaussian() * 1e-3 : a[i];
      b[i] = random.nextGaussian() * 3;
    }
    double[] special = {
      0, 1, -1, 0.999, 0.9999999, 1e-300, -1e-9, Double.MIN_VALUE, 1e300, -800, 800
    };
    System.arraycopy(special, 0, a, 0, special.length);
    a[20] = Double.POSITIVE_INFINITY;
    a[21] = Double.NEGATIVE_INFINITY;
    a[22] = Double.NaN;
    b[0] = 0;
    double[] found = run(a, b);
    compare(a, b, found, 8, (x, y) -> StrictMath.log(x), 4, "log");
    compare(a, b, found, 9, (x, y) -> StrictMath.exp(x), 4, "exp");
    compare(a, b, found, 10, (x, y) -> StrictMath.expm1(x), 8, "expm1");
    // the rounding of the logarithm is multiplied by the exponent's size
    compare(a, b, found, 11, (x, y) -> StrictMath.pow(Math.abs(x), y), 4000, "pow");
  }

  private static void compare(
      double[] a,
      double[] b,
      double[] found,
      int place,
      DoubleBinaryOperator function,
      double ulps,
      String name) {
    for (int i = 0; i < COUNT; i++) {
      double expected = function.applyAsDouble(a[i], b[i]);
      double actual = found[i * 16 + place];
      boolean near =
          Double.compare(expected, actual) == 0
              || Math.abs(expected - actual) <= ulps * Math.ulp(expected);
      assertTrue(near, "%s of %s, %s: %s, not %s".formatted(name, a[i], b[i], actual, expected));
    }
  }

  private double[] run(double[] a, double[] b) {
    double[] out = new double[COUNT * 16];
    try (var context = new Context(OpenClTesting.device());
        var queue = new Queue(context);
        var transfers = new Staging(context, queue);
        var staging = new StagingRing(transfers);
        var program =
            Program.build(context, new BinaryCache(folder), "f64", rewritten(), "-cl-std=CL1.2");
        Kernel kernel = program.kernel("every", queue, 64);
        Buffer first = context.allocate(8L * COUNT);
        Buffer second = context.allocate(8L * COUNT);
        Buffer third = context.allocate(8L * COUNT * 16)) {
      staging.upload(MemorySegment.ofArray(a), first, 0);
      staging.upload(MemorySegment.ofArray(b), second, 0);
      for (Buffer buffer : List.of(first, second, third)) {
        kernel.tensor(Span.of(buffer, DType.U8, buffer.byteSize()));
      }
      kernel.enqueue(COUNT / 64);
      staging.download(third, 0, MemorySegment.ofArray(out));
    }
    return out;
  }

  private static String rewritten() {
    return F64Rewriter.rewrite(
        OpenClHost.resource("f64.cl") + OpenClHost.resource("f64_math.cl") + SOURCE);
  }

  /** Every exponent, near ones, small integers, floats, and what is special. */
  private static double[] numbers(Random random) {
    double[] numbers = new double[COUNT];
    double[] special = {
      0,
      -0.0,
      1,
      -1,
      Double.NaN,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.MIN_VALUE,
      -Double.MIN_VALUE,
      Double.MIN_NORMAL,
      Double.MAX_VALUE,
      -Double.MAX_VALUE,
      Float.MAX_VALUE,
      1e-45,
      1e-40
    };
    for (int i = 0; i < COUNT; i++) {
      numbers[i] =
          switch (i % 6) {
            case 0 -> Double.longBitsToDouble(random.nextLong());
            case 1 -> random.nextGaussian();
            case 2 -> random.nextInt(100) - 50;
            case 3 -> Float.intBitsToFloat(random.nextInt());
            case 4 -> special[random.nextInt(special.length)];
            default -> random.nextGaussian() * Math.pow(2, random.nextInt(80) - 40);
          };
    }
    return numbers;
  }

  private static void assertBits(double expected, double actual, String what) {
    assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(actual), what);
  }
}
