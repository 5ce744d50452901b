package dev.quern.bench.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.spi.Kernels;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

  @Test
  void everyFamilyWithCasesIsTimed() {
    assertEquals(
        Kernels.families().stream()
            .filter(family -> !KernelCases.of(family).isEmpty())
            .collect(Collectors.toSet()),
        KernelCases.benchmarks().stream().map(Benchmark::family).collect(Collectors.toSet()));
  }

  @Test
  void namesAreUnique() {
    var names = KernelCases.benchmarks().stream().map(Benchmark::name).toList();
    assertEquals(names.stream().distinct().toList(), names);
  }

  @Test
  void workGrowsWithTheElements() {
    for (Benchmark benchmark : KernelCases.benchmarks()) {
      KernelCase small = benchmark.at().apply(1 << 10);
      KernelCase large = benchmark.at().apply(1 << 14);
      assertEquals(benchmark.family(), small.family());
      assertEquals(16.0, (double) large.bytes() / small.bytes(), 0.1, benchmark.name());
      assertEquals(1 << 14, benchmark.elements().applyAsInt(1 << 14), benchmark.name());
      assertTrue(
          benchmark.operations().applyAsDouble(1 << 14)
              >= 15 * benchmark.operations().applyAsDouble(1 << 10),
          benchmark.name());
    }
  }
}
