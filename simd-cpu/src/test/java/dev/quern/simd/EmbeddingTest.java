package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.bench.check.UnloadCheck;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.SegmentationLoss;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the backend does to the program that it is part of; once, as vectors do not matter. */
@Tag("speed")
class EmbeddingTest {
  private static final String VECTOR = "--add-modules=jdk.incubator.vector";

  @Test
  void classLoadersAreUnloaded() throws Exception {
    assertEquals(0, UnloadCheck.loadersLeft("simd"));
  }

  /** Dice and BCE of 100,000 elements: prints the least time, value and sums of the gradient. */
  static final class Loss {
    private Loss() {}

    public static void main(String[] arguments) {
      int n = 100_000;
      float[] x = new float[n];
      byte[] t = new byte[n];
      Random random = new Random(1);
      for (int i = 0; i < n; i++) {
        x[i] = (float) random.nextGaussian() * 3;
        t[i] = (byte) random.nextInt(2);
      }
      SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
      float[] gradient = new float[n];
      float value = 0;
      long least = Long.MAX_VALUE;
      long end = System.nanoTime() + 2_000_000_000L;
      while (System.nanoTime() < end) {
        long start = System.nanoTime();
        value = loss.forwardBackward(x, t, gradient);
        least = Math.min(least, System.nanoTime() - start);
      }
      double sum = 0;
      for (float g : gradient) {
        sum += Math.abs(g);
      }
      System.out.printf("result %a %.9f %d%n", value, sum, least / 1000);
    }
  }

  private static String[] result(String output) {
    return output.substring(output.indexOf("result ")).strip().split(" ");
  }

  @Test
  void withoutFmaOrTheOptimizingCompilerPlainCodeIsUsedAndSaidSo()
      throws IOException, InterruptedException {
    String[] plain = result(ChildProcess.run(Loss.class, VECTOR, "-Dquern.backend=reference"));
    for (String flag : new String[] {"-XX:-UseFMA", "-XX:UseAVX=0", "-XX:TieredStopAtLevel=1"}) {
      String output = ChildProcess.run(Loss.class, VECTOR, flag);
      assertTrue(output.contains("The fast one, simd, cannot be used: "), output);
      assertTrue(output.contains(flag.substring(0, flag.length() - 2)), output);
      String[] result = result(output);
      assertEquals(plain[1], result[1], flag);
      assertEquals(plain[2], result[2], flag);
      long micros = Long.parseLong(result[3]);
      // about twice the time on an idle machine; it was hundreds of times
      assertTrue(micros < 6 * Long.parseLong(plain[3]), flag + ": " + micros + " us");
    }
  }

  /** Leaves tensors open. */
  static final class Leaks {
    private Leaks() {}

    public static void main(String[] arguments) {
      try (Engine engine = Engine.open("simd")) {
        for (int i = 0; i < 3; i++) {
          engine.zeros(DType.F32, Shape.of(2, 3));
        }
        engine.scoped(() -> engine.zeros(DType.U8, Shape.of(5)).close());
      }
    }
  }

  @Test
  void leaksAreListedWithThePlaceWhereTheyWereMade() throws IOException, InterruptedException {
    String output = ChildProcess.run(Leaks.class, VECTOR, "-Dquern.leaks=true");
    assertTrue(output.contains("The engine on simd:0 closes with tensors open:"), output);
    String expected = "3 times F32 (2, 3) on simd:0, made at ";
    assertTrue(output.contains(expected), output);
    assertTrue(output.contains("EmbeddingTest$Leaks.main(EmbeddingTest.java:"), output);
    assertFalse(output.contains("U8"), output);
    assertFalse(ChildProcess.run(Leaks.class, VECTOR).contains("closes with"), output);
  }
}
