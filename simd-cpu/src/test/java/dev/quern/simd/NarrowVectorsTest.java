package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Digests;
import dev.quern.bench.selftest.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sample of the kernel cases, in processes with vectors of other widths and other numbers of
 * threads: every result has the same bits. All cases are compared so where {@link SimdSuiteTest}
 * runs in processes like these.
 */
@Tag("speed")
class NarrowVectorsTest {
  private static final String DIGESTS = "quern.bench.digests";

  @TempDir private Path folder;

  /** Runs the sample, and fails with what does not hold; where JUnit is not. */
  static final class Sample {
    private Sample() {}

    public static void main(String[] arguments) {
      Report report = BackendSuite.sample("simd");
      if (!report.failures().isEmpty() || !BackendSuite.unproven(report).isEmpty()) {
        throw new AssertionError(report.failures() + " " + BackendSuite.unproven(report));
      }
    }
  }

  /** In this process, whose vectors are the widest. */
  private Path here() {
    Path file = folder.resolve("here");
    String before = System.setProperty(DIGESTS, file.toString());
    try {
      Sample.main(new String[0]);
    } finally {
      if (before == null) {
        System.clearProperty(DIGESTS);
      } else {
        System.setProperty(DIGESTS, before);
      }
    }
    return file;
  }

  private Path inProcess(String name, String... flags) throws IOException, InterruptedException {
    Path file = folder.resolve(name);
    List<String> all = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector"));
    all.add("-D" + DIGESTS + "=" + file);
    all.addAll(List.of(flags));
    ChildProcess.run(Sample.class, all.toArray(String[]::new));
    return file;
  }

  @Test
  void aSampleHasTheSameBits() throws Exception {
    Path here = here();
    List<Callable<Path>> others =
        List.of(
            () -> inProcess("128", "-XX:MaxVectorSize=16", "-Dquern.threads=1"),
            () ->
                inProcess(
                    "256",
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "-XX:UseAVX=2",
                    "-Dquern.threads=7"));
    try (ExecutorService both = Executors.newFixedThreadPool(2)) {
      for (Future<Path> other : both.invokeAll(others)) {
        assertEquals(List.of(), Digests.differences(here, other.get()));
      }
    }
  }
}
