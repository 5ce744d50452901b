package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every class of kernels computes with vectors: none is a scalar loop under a fast name. */
class VectorCallsTest {
  private static final String VECTORS = "jdk/incubator/vector/";

  /** Ask how wide vectors are, or load and store them, and compute nothing. */
  private static final Set<String> AROUND = Set.of("Machine", "NativeVectors");

  /** Kernels not named after loops: the scan alone would miss one that lost all its vectors. */
  private static final Set<String> KERNELS =
      Set.of(
          "Activations",
          "LossCounts",
          "LossMath",
          "LossStaging",
          "LovaszSoftmax",
          "MatrixMicro",
          "NarrowTiles",
          "PlainTiles",
          "ResultRow",
          "RowDots",
          "Sides",
          "SimdCalibrationKernels",
          "SimdRandomKernels",
          "SoftmaxTiles",
          "TapTiles",
          "UnsignedBytes",
          "VectorMath",
          "WeightGradientTiles",
          "WeightedRows");

  /** Moves elements and computes nothing. */
  private static final String LAYOUT = "SimdLayoutKernels";

  /** Hands arrays to the families. */
  private static final String ARRAYS = "SimdArrayKernels";

  /** A class of this module, in whatever package. */
  record Found(Path file, ClassModel model) {
    String name() {
      return file.getFileName().toString().replace(".class", "");
    }

    boolean mentionsVectors() {
      return StreamSupport.stream(model.constantPool().spliterator(), false)
          .anyMatch(e -> e instanceof Utf8Entry text && text.stringValue().contains(VECTORS));
    }

    long vectorCalls() {
      return model.methods().stream()
          .flatMap(method -> method.code().stream())
          .flatMap(code -> code.elementStream())
          .filter(element ->
              element instanceof InvokeInstruction call
                  && call.owner().asInternalName().startsWith(VECTORS))
          .count();
    }

    @Override
    public String toString() {
      return name();
    }
  }

  private static List<Found> classes() throws IOException, URISyntaxException {
    Path root =
        Path.of(SimdProvider.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".class") && !file.endsWith("module-info.class"))
          .sorted()
          .map(VectorCallsTest::read)
          .toList();
    }
  }

  private static Found read(Path file) {
    try {
      return new Found(file, ClassFile.of().parse(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is named here or after loops, and what knows vectors. */
  static List<Found> kernels() throws IOException, URISyntaxException {
    return classes().stream()
        .filter(found -> !AROUND.contains(found.name()))
        .filter(found ->
            KERNELS.contains(found.name())
                || found.name().endsWith("Loops")
                || found.mentionsVectors())
        .toList();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void makesVectorCalls(Found kernels) {
    assertTrue(kernels.vectorCalls() >= 5, kernels + ": " + kernels.vectorCalls());
  }

  @Test
  void theKernelsNamedHereAreThere() throws IOException, URISyntaxException {
    Set<String> found = kernels().stream().map(Found::name).collect(Collectors.toSet());
    assertEquals(
        List.of(), KERNELS.stream().filter(name -> !found.contains(name)).sorted().toList());
  }

  /** A family whose loops were all rewritten without vectors would not be found by the scan. */
  @Test
  void everyFamilyHasKernelsInItsPackageOrBelow() throws IOException, URISyntaxException {
    List<Path> packages = kernels().stream().map(found -> found.file().getParent()).toList();
    List<Found> families =
        classes().stream()
            .filter(found -> found.name().matches("Simd\\w+Kernels"))
            .filter(found -> !found.name().equals(ARRAYS))
            .toList();
    assertFalse(families.isEmpty());
    assertEquals(
        List.of(),
        families.stream()
            .filter(found -> !found.name().equals(LAYOUT))
            .filter(
                found -> packages.stream().noneMatch(p -> p.startsWith(found.file().getParent())))
            .toList());
  }
}
