package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.simd.work.Chunks;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A short kernel stays as fast as it was in a process that calls nothing else, a hundred thousand
 * times: the compiler then knows all that is called from the engine down to the last vector, and
 * inlined it until its depth was used up, short of the vector.
 */
@Tag("speed")
class OftenCalledTest {
  private static final int WINDOWS = 20;

  /** Writes the median of every 5000 calls, in nanoseconds. */
  static final class Fills {
    private Fills() {}

    public static void main(String[] args) {
      try (Engine engine = Engine.open("simd")) {
        Tensor x = engine.zeros(DType.F32, Shape.of(4 * Chunks.SIZE));
        for (int i = 0; i < WINDOWS; i++) {
          long[] nanos = new long[5000];
          for (int k = 0; k < nanos.length; k++) {
            long start = System.nanoTime();
            x.fill(k);
            nanos[k] = System.nanoTime() - start;
          }
          Arrays.sort(nanos);
          System.out.println("median " + nanos[nanos.length / 2]);
        }
      }
    }
  }

  @Test
  void fillStaysFast() throws IOException, InterruptedException {
    String output = ChildProcess.run(Fills.class, "--add-modules", "jdk.incubator.vector");
    long[] medians =
        output
            .lines()
            .filter(line -> line.startsWith("median "))
            .mapToLong(line -> Long.parseLong(line.substring(7)))
            .toArray();
    long best = Arrays.stream(medians).min().orElseThrow();
    long last = Arrays.stream(medians).skip(WINDOWS - 5).min().orElseThrow();
    assertTrue(last < 3 * best, () -> "at its best " + best + " ns, in the end " + output);
  }
}
