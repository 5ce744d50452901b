package dev.quern.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.Workbench;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Param;

class KernelBenchmarkTest {

  static List<String> kernels() throws NoSuchFieldException {
    return Arrays.asList(
        KernelBenchmark.class.getField("kernel").getAnnotation(Param.class).value());
  }

  @Test
  void everyBenchmarkIsAParameter() throws NoSuchFieldException {
    assertEquals(KernelCases.benchmarks().stream().map(Benchmark::name).toList(), kernels());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void computesWhatTheReferenceComputes(String kernel) {
    List<Workbench.Result> expected = run("reference", kernel);
    List<Workbench.Result> actual = run("simd", kernel);
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      Workbench.Result e = expected.get(i);
      assertEquals(
          Optional.empty(),
          e.tolerance().compare(e.name(), e.values().doubles(), actual.get(i).values().doubles()));
    }
  }

  private static List<Workbench.Result> run(String backend, String kernel) {
    KernelBenchmark benchmark = new KernelBenchmark();
    benchmark.backend = backend;
    benchmark.kernel = kernel;
    benchmark.elements = 10_007;
    benchmark.prepare(device -> new Workbench(device, Workbench.Fill.ONES));
    try {
      var traffic = new KernelBenchmark.Traffic();
      benchmark.run(traffic);
      return benchmark.results();
    } finally {
      benchmark.close();
    }
  }
}
