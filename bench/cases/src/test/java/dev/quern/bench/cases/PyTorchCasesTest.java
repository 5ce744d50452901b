package dev.quern.bench.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Backend;
import dev.quern.spi.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code bench/pytorch} holds its cases to: the cost of every benchmark and what the reference
 * backend computes, in {@code cases.json}.
 */
class PyTorchCasesTest {

  private static final int ELEMENTS = 4096;
  private static final int SHOWN = 4;
  private static final double ROUNDING = 1e-9;

  @Test
  void theFileHoldsTheReferencesNumbers() throws IOException {
    Path written = Path.of("target", "pytorch-cases.json");
    ObjectNode expected = numbers();
    Files.writeString(written, expected.toString().replace("}},", "}},\n") + "\n");
    Path file = Path.of("..", "pytorch", "cases.json");
    String remedy = "copy bench/cases/" + written + " to bench/pytorch/cases.json";
    assertTrue(Files.exists(file), remedy);
    assertSame("", expected, JsonMapper.shared().readTree(Files.readString(file)), remedy);
  }

  private static void assertSame(String path, JsonNode expected, JsonNode actual, String remedy) {
    if (expected.isNumber() && actual != null && actual.isNumber()) {
      double e = expected.doubleValue();
      assertEquals(
          e, actual.doubleValue(), ROUNDING * Math.max(1, Math.abs(e)), path + ": " + remedy);
    } else if (expected.isObject() && actual != null && actual.isObject()) {
      assertEquals(
          expected.propertyNames().stream().sorted().toList(),
          actual.propertyNames().stream().sorted().toList(),
          path + ": " + remedy);
      for (String name : expected.propertyNames()) {
        assertSame(path + "/" + name, expected.get(name), actual.get(name), remedy);
      }
    } else {
      assertEquals(expected, actual, path + ": " + remedy);
    }
  }

  private static ObjectNode numbers() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    try (Backend reference = new ReferenceProvider().open(0)) {
      for (Benchmark benchmark : KernelCases.benchmarks()) {
        KernelCase kernelCase = benchmark.at().apply(ELEMENTS);
        ObjectNode entry = root.putObject(benchmark.name());
        entry.put("family", Kernels.name(benchmark.family()));
        entry.put("dtype", kernelCase.dtype().name());
        entry.put("elements", benchmark.elements().applyAsInt(ELEMENTS));
        entry.put("bytes", kernelCase.bytes());
        entry.put("operations", benchmark.operations().applyAsDouble(ELEMENTS));
        ObjectNode results = entry.putObject("results");
        try (var bench = new Workbench(reference, Fill.ONES)) {
          kernelCase.setup().on(bench).run();
          bench.results().forEach(result -> digest(results, result));
        }
      }
    }
    return root;
  }

  /** The elements of a short result, sum and norm of a long one, nothing of one not finite. */
  private static void digest(ObjectNode results, Workbench.Result result) {
    double[] values = result.values().doubles();
    if (!Arrays.stream(values).allMatch(Double::isFinite)) {
      return;
    }
    if (values.length <= SHOWN) {
      var list = results.putArray(result.name());
      Arrays.stream(values).forEach(list::add);
    } else {
      results
          .putObject(result.name())
          .put("sum", Arrays.stream(values).sum())
          .put("norm", Math.sqrt(Arrays.stream(values).map(v -> v * v).sum()));
    }
  }
}
