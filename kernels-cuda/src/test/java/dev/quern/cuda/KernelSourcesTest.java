package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.cuda.KernelSources.Argument;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.host.Geometry;
import dev.quern.gpu.layout.FusedLossEncoding;
import dev.quern.gpu.layout.FusedLossLayout;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.gpu.program.Formulas;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossSums;
import dev.quern.spi.optim.OptimizerArena;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the compiler cannot see: the sources and this module's Java say the same. */
class KernelSourcesTest {
  /**
   * Arguments without a twin: a buffer of OpenCL 1.2 cannot hold addresses of others, and its sort
   * needs no words that are cleared.
   */
  private static final Set<String> ALONE = Set.of("pointers", "words", "word_count", "ticket");

  /** Kernels without a twin: blocks of CUDA may wait for others, groups of OpenCL may not. */
  private static final Set<String> INNER =
      Set.of(
          "lovasz_histogram",
          "lovasz_scan",
          "lovasz_scatter",
          "lovasz_foreground",
          "advance_steps",
          "advance_sgd_steps");

  static final List<String> FAMILIES = KernelSources.FAMILIES;

  /** The structures that kernels are called with are those that the compiler sees. */
  @ParameterizedTest
  @FieldSource("FAMILIES")
  void structuresAreReadAsTheyAreWritten(String family) {
    Map<String, List<Argument>> source = KernelSources.cuda(family);
    Map<String, Signature> signatures = FamilyModule.signatures(family);
    assertEquals(List.copyOf(source.keySet()), List.copyOf(signatures.keySet()));
    signatures.forEach((kernel, signature) ->
        assertEquals(
            source.getOrDefault(kernel, List.of()).stream()
                .map(argument -> argument.name() + " " + type(argument))
                .toList(),
            signature.fields().stream().map(field -> field.name() + " " + field.type()).toList(),
            kernel));
  }

  private static Signature.Type type(Argument argument) {
    return argument.pointer()
        ? Signature.Type.POINTER
        : switch (argument.type()) {
          case "long" -> Signature.Type.INT64;
          case "float" -> Signature.Type.F32;
          case "uchar" -> Signature.Type.U8;
          default -> Signature.Type.INT32;
        };
  }

  @ParameterizedTest
  @FieldSource("FAMILIES")
  void kernelsAreTwinsOfOpenCls(String family) {
    Map<String, List<Argument>> cuda = KernelSources.cuda(family);
    Map<String, List<Argument>> openCl = KernelSources.openCl(family);
    openCl.keySet().removeAll(INNER);
    cuda.keySet().removeAll(INNER);
    assertEquals(List.copyOf(openCl.keySet()), List.copyOf(cuda.keySet()));
    cuda.forEach((kernel, arguments) ->
        assertEquals(
            openCl.getOrDefault(kernel, List.of()).stream()
                .map(KernelSourcesTest::untyped)
                .toList(),
            arguments.stream()
                .filter(argument -> !ALONE.contains(argument.name()))
                .map(KernelSourcesTest::untyped)
                .toList(),
            kernel));
  }

  @Test
  void recordsOfTheEncodingAreThoseOfTheFormulas() {
    assertEquals(fields(FusedLossEncoding.TERM), KernelSources.record("QuernLossTerm"));
    assertEquals(fields(FusedLossEncoding.OPTIONS), KernelSources.record("QuernLossOptions"));
    assertEquals(LossSums.COUNT, KernelSources.record("QuernLossSums").size());
    assertEquals(LossCoefficients.COUNT, KernelSources.record("QuernLossCoefficients").size());
    String table = Formulas.source("loss_table.inc");
    for (Map.Entry<String, Integer> constant :
        Map.of(
                "LOSS_SUMS", LossSums.COUNT,
                "SUM_BCE", LossSums.BCE,
                "SUM_VALID", LossSums.VALID,
                "SUM_CROSS_ENTROPY_WEIGHT", LossSums.CROSS_ENTROPY_WEIGHT,
                "COUNTS", FusedLossLayout.RECORD_BYTES / Double.BYTES - LossSums.COUNT,
                "MOST_TERMS", FusedLossSpec.MAX_TERMS)
            .entrySet()) {
      String line = "#define QUERN_%s %d\n".formatted(constant.getKey(), constant.getValue());
      assertTrue(table.contains(line), line);
    }
  }

  /** The fields of a structure, which has no gaps, as in C. */
  private static List<Argument> fields(StructLayout layout) {
    return layout.memberLayouts().stream()
        .map(ValueLayout.class::cast)
        .map(field ->
            new Argument(
                field.carrier().getName(),
                false,
                field.name().orElseThrow().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT)))
        .toList();
  }

  @Test
  void geometryIsThatOfTheSources() {
    Geometry geometry = CudaHost.GEOMETRY;
    String prelude = KernelSources.cudaSource("prelude.cuh");
    assertTrue(prelude.contains("#define QUERN_THREADS " + geometry.group() + "\n"));
    assertTrue(prelude.contains("#define QUERN_TILE (QUERN_THREADS * 4LL)\n"));
    assertEquals(4 * geometry.group(), geometry.tile());
    assertTrue(prelude.contains("#define QUERN_CHUNK_QUADS 4\n"));
    assertEquals(4 * geometry.tile(), geometry.chunk());
    assertEquals(OptimizerArena.TILE, geometry.chunk());
    String lists = KernelSources.cudaSource("lovasz_lists.cuh");
    assertTrue(lists.contains("#define QUERN_SORT_CHUNK " + LovaszLayout.CHUNK + "LL\n"));
    assertTrue(lists.contains("#define QUERN_TICKET_WORDS " + CudaLovaszSort.TICKET_WORDS + "\n"));
    String sort = KernelSources.cudaSource("lovasz_sort.cu");
    assertTrue(sort.contains("#define QUERN_PLACES " + CudaLovaszSort.PLACES + "\n"));
    assertTrue(sort.contains("#define QUERN_HISTOGRAM_ELEMENTS (4 * QUERN_SORT_CHUNK)\n"));
    assertEquals(4 * LovaszLayout.CHUNK, CudaLovaszSort.HISTOGRAM_ELEMENTS);
  }

  @Test
  void countsBlocksBeyondAnInt() {
    Geometry geometry = CudaHost.GEOMETRY;
    assertEquals(0, geometry.tiles(0));
    assertEquals(1, geometry.tiles(1024));
    assertEquals(2, geometry.tiles(1025));
    assertEquals(1L << 30, geometry.tiles(1L << 40));
    assertEquals((1L << 28) + 1, geometry.chunks((1L << 40) + 1));
    assertEquals(1L << 32, geometry.groups(1L << 40));
  }

  /** Tables of records are bytes in OpenCL C and typed in CUDA. */
  private static Argument untyped(Argument argument) {
    boolean table = Set.of("segments", "groups", "rule").contains(argument.name());
    return table ? new Argument("", argument.pointer(), argument.name()) : argument;
  }
}
