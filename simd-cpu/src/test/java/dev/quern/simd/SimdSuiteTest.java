package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Digests;
import dev.quern.bench.selftest.Report;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.host.ArrayKernels;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * All cases of the kernel suites. The thorough build runs this class with vectors of several widths
 * and with several numbers of threads, each leaving a digest of every result's bits, and each must
 * find the bits of those that ran before.
 */
class SimdSuiteTest {
  /** Finds the backend by its name, so that its registration is tested too. */
  @Test
  @Tag("widths")
  void agreesWithTheReferenceAndWithOtherWidthsAndThreads() throws IOException {
    Report report = BackendSuite.run("simd");
    assertEquals(List.of(), report.failures());
    assertEquals(List.of(), BackendSuite.unproven(report));
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
    compareDigests();
  }

  @Test
  void arrayKernelsAgreeWithTheReference() {
    Set<Method> called = ConcurrentHashMap.newKeySet();
    Report report = BackendSuite.arrays(watched(new SimdArrayKernels(WorkerPool.shared()), called));
    assertEquals(
        List.of(), report.results().stream().filter(r -> r.status() != Status.PASSED).toList());
    // methods and not names, which arrays and segments share
    assertEquals(Set.of(ArrayKernels.class.getMethods()), called);
  }

  /** Notes what is called of the kernels. */
  private static ArrayKernels watched(ArrayKernels kernels, Set<Method> called) {
    return (ArrayKernels)
        Proxy.newProxyInstance(
            ArrayKernels.class.getClassLoader(),
            new Class<?>[] {ArrayKernels.class},
            (_, method, arguments) -> {
              called.add(method);
              return method.invoke(kernels, arguments);
            });
  }

  @Test
  void randomLossesAgreeWithTheirDefinitions() {
    assertEquals(List.of(), BackendSuite.random("simd", 300, 1).failures());
  }

  private static void compareDigests() throws IOException {
    String file = System.getProperty("quern.bench.digests");
    if (file == null) {
      return;
    }
    Path mine = Path.of(file);
    boolean first = mine.endsWith("widest");
    for (String name : List.of("widest", "256", "128")) {
      Path other = mine.resolveSibling(name);
      if (first && !name.equals("widest")) {
        Files.deleteIfExists(other);
      }
      if (Files.exists(other)) {
        assertEquals(List.of(), Digests.differences(mine, other), "bits differ from " + name);
      }
    }
  }
}
