package dev.quern.train;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows of docs/architecture.md, held by what is compiled. */
class ArchitectureTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Every module's folder, and the modules it may use. */
  private static final Map<String, Set<String>> MODULES =
      new TreeMap<>(
          Map.of(
              "java-api", Set.of(),
              "nn", Set.of("java-api"),
              "simd-cpu", Set.of("java-api"),
              "kernels-gpu", Set.of("java-api"),
              "kernels-opencl", Set.of("java-api", "kernels-gpu"),
              "kernels-cuda", Set.of("java-api", "kernels-gpu"),
              "bench/cases", Set.of("java-api", "nn"),
              "train", Set.of("java-api", "nn", "bench/cases")));

  private static final int MOST_FILES = 25;

  private static final JavaClasses CLASSES = classesOf(MODULES.keySet());

  private static JavaClasses classesOf(Set<String> modules) {
    return new ClassFileImporter()
        .importPaths(modules.stream().map(ArchitectureTest::compiled).toList());
  }

  private static Path compiled(String module) {
    return ROOT.resolve(module).resolve("target/classes");
  }

  private static DescribedPredicate<JavaClass> of(Set<String> modules) {
    List<String> sources =
        modules.stream().map(module -> compiled(module).toUri().toString()).toList();
    return DescribedPredicate.describe(
        "in " + modules,
        type ->
            type.getSource()
                .map(source -> sources.stream().anyMatch(source.getUri().toString()::startsWith))
                .orElse(false));
  }

  @Test
  void everyModuleIsThere() {
    for (String module : MODULES.keySet()) {
      assertFalse(classesOf(Set.of(module)).isEmpty(), module);
    }
  }

  @Test
  void modulesUseWhatIsBelowThem() {
    MODULES.forEach((module, used) -> {
      var others = new TreeSet<>(MODULES.keySet());
      others.remove(module);
      others.removeAll(used);
      if (!others.isEmpty()) {
        noClasses()
            .that(of(Set.of(module)))
            .should()
            .dependOnClassesThat(of(others))
            .check(CLASSES);
      }
    });
  }

  @Test
  void theReferenceIsImportedByBackendsAlone() {
    classes()
        .that()
        .resideInAPackage("dev.quern.reference..")
        .should()
        .onlyHaveDependentClassesThat(
            DescribedPredicate.describe(
                "are of the reference, or Backends",
                type ->
                    type.getPackageName().startsWith("dev.quern.reference")
                        || type.getName().equals("dev.quern.Backends")))
        .check(CLASSES);
  }

  /**
   * Tensors, what their engines are made of, their operations and the contract of the backends are
   * written in each other's words: they count as one package. So do the families of the contract,
   * which its record names.
   */
  @Test
  void packagesHaveNoCircle() {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                String name = type.getPackageName();
                boolean core =
                    Set.of("dev.quern", "dev.quern.engine", "dev.quern.spi").contains(name)
                        || name.matches("dev\\.quern\\.op(\\.shape|\\.spatial)?")
                        || name.matches(
                            "dev\\.quern\\.spi\\.(tensor|spatial|loss|metric|optim|host)");
                return SliceIdentifier.of(core ? "the core" : name);
              }

              @Override
              public String getDescription() {
                return "packages, the core as one";
              }
            })
        .should()
        .beFreeOfCycles()
        .ignoreDependency(
            DescribedPredicate.describe(
                "Backends", type -> type.getSimpleName().equals("Backends")),
            JavaClass.Predicates.resideInAPackage("dev.quern.reference.."))
        .check(CLASSES);
  }

  /** Within the contract, families know the root and not each other. */
  @Test
  void familiesOfTheContractDoNotKnowEachOther() {
    List<String> families = List.of("tensor", "spatial", "loss", "metric", "optim");
    for (String family : families) {
      String[] others =
          families.stream()
              .filter(other -> !other.equals(family))
              .map(other -> "dev.quern.spi." + other)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage("dev.quern.spi." + family)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(others)
          .check(CLASSES);
    }
  }

  @Test
  void noFolderIsCrowded() throws IOException {
    var crowded = new TreeMap<String, Long>();
    for (String module : MODULES.keySet()) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(
                file -> crowded.merge(ROOT.relativize(file.getParent()).toString(), 1L, Long::sum));
      }
    }
    crowded.values().removeIf(files -> files <= MOST_FILES);
    assertEquals(Map.of(), crowded, "packages of more than " + MOST_FILES + " files");
  }
}
