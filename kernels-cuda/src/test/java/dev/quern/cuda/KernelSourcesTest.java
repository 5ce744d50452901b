package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.cuda.KernelSources.Argument;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.layout.FusedLossEncoding;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossSums;
import dev.quern.spi.optim.OptimizerArena;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
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

  private static final Map<String, List<Signature>> SIGNATURES =
      Map.ofEntries(
          Map.entry("pointwise", CudaPointwiseKernels.SIGNATURES),
          Map.entry("reduction", CudaReductionKernels.SIGNATURES),
          Map.entry("matrix", CudaMatrixKernels.SIGNATURES),
          Map.entry("random", CudaRandomKernels.SIGNATURES),
          Map.entry("segmentation", CudaFusedLoss.SIGNATURES),
          Map.entry("segmentation_classes", CudaFusedLoss.CLASS_SIGNATURES),
          Map.entry("lovasz_errors", CudaLovasz.ERROR_SIGNATURES),
          Map.entry("lovasz_sort", CudaLovaszSort.SIGNATURES),
          Map.entry("lovasz_gradient", CudaLovasz.GRADIENT_SIGNATURES),
          Map.entry("confusion", CudaConfusionKernels.SIGNATURES),
          Map.entry("optimizer", CudaOptimizerKernels.SIGNATURES),
          Map.entry("calibration", CudaCalibrationKernels.SIGNATURES));

  @ParameterizedTest
  @FieldSource("FAMILIES")
  void structuresAreThoseOfTheSource(String family) {
    Map<String, List<Argument>> source = KernelSources.cuda(family);
    List<Signature> signatures = SIGNATURES.getOrDefault(family, List.of());
    assertEquals(List.copyOf(source.keySet()), signatures.stream().map(Signature::kernel).toList());
    for (Signature signature : signatures) {
      List<Argument> fields = source.getOrDefault(signature.kernel(), List.of());
      var found = new ArrayList<Argument>();
      long end = 0;
      for (MemoryLayout member : signature.arguments().memberLayouts()) {
        if (member instanceof ValueLayout value) {
          String name = value.name().orElseThrow();
          found.add(
              value instanceof AddressLayout
                  ? new Argument("", true, name)
                  : new Argument(kind(value.carrier()), false, name));
          long offset = signature.arguments().byteOffset(PathElement.groupElement(name));
          // C puts a field at the next multiple of its size
          assertEquals(Math.ceilDiv(end, value.byteSize()) * value.byteSize(), offset, name);
          end = offset + value.byteSize();
        }
      }
      List<Argument> expected =
          fields.stream()
              .map(f -> f.pointer() ? new Argument("", true, f.name()) : signed(f))
              .toList();
      assertEquals(expected, found, signature.kernel());
      assertEquals(Math.ceilDiv(end, 8) * 8, signature.arguments().byteSize());
    }
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
    String prelude = KernelSources.cudaSource("prelude.cuh");
    assertTrue(prelude.contains("#define QUERN_THREADS " + LaunchGeometry.THREADS + "\n"));
    assertTrue(prelude.contains("#define QUERN_TILE (QUERN_THREADS * 4LL)\n"));
    assertEquals(4 * LaunchGeometry.THREADS, LaunchGeometry.TILE);
    assertTrue(prelude.contains("#define QUERN_CHUNK_QUADS 4\n"));
    assertEquals(4 * LaunchGeometry.TILE, LaunchGeometry.CHUNK);
    assertEquals(OptimizerArena.TILE, LaunchGeometry.CHUNK);
    assertTrue(
        KernelSources.cudaSource("matrix.cu")
            .contains("#define QUERN_MATRIX_BLOCK " + LaunchGeometry.MATRIX_BLOCK + "LL\n"));
    String lists = KernelSources.cudaSource("lovasz_lists.cuh");
    assertTrue(lists.contains("#define QUERN_SORT_CHUNK " + LovaszLayout.CHUNK + "LL\n"));
    assertTrue(
        lists.contains("#define QUERN_TICKET_WORDS " + CudaLovaszScratch.TICKET_WORDS + "\n"));
    String sort = KernelSources.cudaSource("lovasz_sort.cu");
    assertTrue(sort.contains("#define QUERN_PLACES " + CudaLovaszScratch.PLACES + "\n"));
    assertTrue(sort.contains("#define QUERN_HISTOGRAM_ELEMENTS (4 * QUERN_SORT_CHUNK)\n"));
    assertEquals(4 * LovaszLayout.CHUNK, CudaLovaszSort.HISTOGRAM_ELEMENTS);
  }

  @Test
  void countsBlocksBeyondAnInt() {
    assertEquals(0, LaunchGeometry.tiles(0));
    assertEquals(1, LaunchGeometry.tiles(1024));
    assertEquals(2, LaunchGeometry.tiles(1025));
    assertEquals(1L << 30, LaunchGeometry.tiles(1L << 40));
    assertEquals((1L << 28) + 1, LaunchGeometry.chunks((1L << 40) + 1));
    assertEquals(1L << 32, LaunchGeometry.blocks(1L << 40));
  }

  private static String kind(Class<?> carrier) {
    return carrier == byte.class ? "uchar" : carrier.getName();
  }

  /** Java has no unsigned int; its bits are those of an int. */
  private static Argument signed(Argument argument) {
    return new Argument(argument.type().replace("uint", "int"), false, argument.name());
  }

  /** Tables of records are bytes in OpenCL C and typed in CUDA. */
  private static Argument untyped(Argument argument) {
    boolean table = Set.of("segments", "groups", "rule").contains(argument.name());
    return table ? new Argument("", argument.pointer(), argument.name()) : argument;
  }
}
