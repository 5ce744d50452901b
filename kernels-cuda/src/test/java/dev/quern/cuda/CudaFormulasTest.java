package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.reference.ElementLoss;
import dev.quern.reference.FloatMath;
import dev.quern.reference.Philox;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The formulas as the device computes them are those of Java, to the bit. */
class CudaFormulasTest {
  private static final long SEED = 11;
  private static final int COUNT = 1 << 20;

  private Backend backend;

  @BeforeEach
  void open() {
    backend = CudaTesting.open();
  }

  @AfterEach
  void close() {
    if (backend != null) {
      backend.close();
    }
  }

  @Test
  void sigmoidAndSoftplusHaveTheBitsOfTheirTwins() {
    float[] x = numbers();
    Span operand = CudaTesting.upload(backend, x);
    Span out = CudaTesting.upload(backend, new float[COUNT]);
    backend.kernels().pointwise().unary(UnaryOp.SIGMOID, operand, out);
    float[] sigmoid = CudaTesting.download(backend, out);
    backend.kernels().pointwise().unary(UnaryOp.SOFTPLUS, operand, out);
    float[] softplus = CudaTesting.download(backend, out);
    for (int i = 0; i < COUNT; i++) {
      assertSame(FloatMath.sigmoid(x[i]), sigmoid[i], "sigmoid", x[i]);
      assertSame(FloatMath.softplus(x[i]), softplus[i], "softplus", x[i]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsHaveTheBitsOfTheirTwins(TruePositiveForm form) {
    float[] x = new float[COUNT];
    float[] t = new float[COUNT];
    var random = new Random(SEED);
    for (int i = 0; i < COUNT; i++) {
      x[i] = (float) random.nextGaussian() * 30;
      t[i] = i % 3 == 0 ? random.nextInt(2) : random.nextFloat();
    }
    var spec =
        FusedLossSpec.binary(
            List.of(
                new FusedLossSpec.WeightedTerm(LossTerm.Overlap.dice(1, 1e-7, false), 0.7),
                new FusedLossSpec.WeightedTerm(new LossTerm.Bce(true), 0.3),
                new FusedLossSpec.WeightedTerm(
                    new LossTerm.Focal(true, 2, 0.25, 0.75, 0, false, true, List.of()), 0.2)),
            form,
            null,
            DType.F32,
            null);
    var plan = backend.kernels().segmentation().prepare(spec);
    Span scratch =
        CudaTesting.upload(
            backend,
            DType.U8,
            MemorySegment.ofArray(new byte[(int) plan.scratchBytes(new LossExtent(1, 1, COUNT))]));
    Span gradient = CudaTesting.upload(backend, new float[COUNT]);
    plan.forwardBackward(
        LossOperands.binary(CudaTesting.upload(backend, x), CudaTesting.upload(backend, t)),
        CudaTesting.upload(backend, new float[] {1024}),
        CudaTesting.upload(backend, new float[1]),
        gradient,
        null,
        CudaTesting.upload(backend, DType.I64, MemorySegment.ofArray(new long[1])),
        scratch);
    // the coefficients lie at the scratch memory's start
    float[] k = new float[LossCoefficients.COUNT];
    backend.memory().download(scratch.buffer(), 0, MemorySegment.ofArray(k));
    var twin = new ElementLoss(spec);
    float[] found = CudaTesting.download(backend, gradient);
    for (int i = 0; i < COUNT; i++) {
      assertSame(twin.gradient(x[i], t[i], 1, 1, k, 0), found[i], "gradient", x[i]);
    }
  }

  @Test
  void uniformsHaveTheBitsOfTheirTwin() {
    var stream = new PhiloxStream(0x0123_4567_89ab_cdefL, 3, 5, 7);
    // the last elements of the sequence, behind one that starts a block
    long first = (1L << 34) - COUNT - 1;
    Span out = CudaTesting.upload(backend, new float[COUNT]);
    backend.kernels().random().uniform(stream, first, out);
    float[] found = CudaTesting.download(backend, out);
    for (int i = 0; i < COUNT; i++) {
      assertEquals(Philox.uniform(stream, first + i), found[i]);
    }
  }

  /** Numbers of every exponent, those of the usual range more often, and the special ones. */
  private static float[] numbers() {
    float[] x = new float[COUNT];
    var random = new Random(SEED);
    for (int i = 0; i < COUNT; i++) {
      x[i] =
          i % 2 == 0 ? Float.intBitsToFloat(random.nextInt()) : (random.nextFloat() - 0.5f) * 220;
    }
    float[] special = {
      0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, 104f
    };
    System.arraycopy(special, 0, x, 0, special.length);
    return x;
  }

  /** Compares bits; which NaN it is may differ. */
  private static void assertSame(float expected, float found, String what, float at) {
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(found)) {
      assertEquals(expected, found, what + " of " + at + " (seed " + SEED + ")");
    }
  }
}
