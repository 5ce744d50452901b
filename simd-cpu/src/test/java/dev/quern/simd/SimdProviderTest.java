package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceInfo;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Availability;
import dev.quern.spi.BackendProvider;
import java.io.IOException;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class SimdProviderTest {
  /** Run in a process of its own, on the class path. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.name().equals("simd")) {
          System.out.println(provider.probe() + " arrays " + (provider.arrays() != null));
        }
      }
    }
  }

  @Test
  void isHereOnTheModulePath() {
    SimdProvider provider = new SimdProvider();
    var available = assertInstanceOf(Availability.Available.class, provider.probe());
    DeviceInfo device = available.devices().get(0);
    assertEquals("simd:0", device.id());
    assertEquals(WorkerPool.threadsWanted(), device.computeUnits());
    assertNotNull(provider.arrays());
  }

  @Test
  void namesTheFlagOnTheClassPathWithoutIt() throws IOException, InterruptedException {
    String answer = probe();
    assertTrue(answer.startsWith("Unavailable"), answer);
    assertTrue(answer.contains("start Java with --add-modules jdk.incubator.vector"), answer);
    assertTrue(answer.contains("arrays false"), answer);
  }

  @Test
  void isHereOnTheClassPathWithTheFlag() throws IOException, InterruptedException {
    String answer = probe("--add-modules", "jdk.incubator.vector");
    assertTrue(answer.contains("Available"), answer);
    assertTrue(!answer.contains("Unavailable"), answer);
    assertTrue(answer.contains("arrays true"), answer);
  }

  @Test
  void refusesNarrowVectors() throws IOException, InterruptedException {
    String answer = probe("--add-modules", "jdk.incubator.vector", "-XX:MaxVectorSize=8");
    assertTrue(answer.contains("Unavailable"), answer);
    assertTrue(answer.contains("at least 128"), answer);
  }

  @Test
  void refusesThreadCountsThatAreNone() throws IOException, InterruptedException {
    for (String threads : List.of("0", "-1", "many")) {
      String answer = probe("--add-modules", "jdk.incubator.vector", "-Dquern.threads=" + threads);
      assertTrue(answer.contains("Unavailable"), answer);
      assertTrue(answer.contains("quern.threads is '" + threads + "'"), answer);
      assertTrue(answer.contains("arrays false"), answer);
    }
  }

  private static String probe(String... flags) throws IOException, InterruptedException {
    return ChildProcess.run(Probe.class, flags);
  }
}
