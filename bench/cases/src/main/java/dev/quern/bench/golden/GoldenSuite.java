package dev.quern.bench.golden;

import static java.util.Map.entry;

import dev.quern.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A golden suite: cases with inputs and the results that the reference implementation gave for them
 * in float64.
 *
 * @param name name of the suite
 * @param cases its cases in file order
 */
public record GoldenSuite(String name, List<GoldenCase> cases) {

  private static final JsonMapper JSON = new JsonMapper();

  /** The suites that the project's own code is measured by; they lie beside this class. */
  private static final List<String> EMBEDDED =
      List.of(
          "dice",
          "jaccard",
          "tversky",
          "overlap_soft",
          "bce",
          "cross_entropy",
          "focal",
          "monai",
          "lovasz",
          "adam",
          "adam_groups",
          "sgd",
          "binary_jaccard_index",
          "confusion_scores",
          "cosine_annealing_warm_restarts",
          "reduce_lr_on_plateau",
          "nn",
          "unet");

  private static final Map<String, GoldenCheck> CHECKS =
      Map.ofEntries(
          entry("dice", new LossCheck.Dice()),
          entry("jaccard", new LossCheck.Jaccard()),
          entry("tversky", new LossCheck.Tversky()),
          entry("overlap_soft", new LossCheck.OverlapSoft()),
          entry("bce", new LossCheck.Bce()),
          entry("cross_entropy", new LossCheck.CrossEntropy()),
          entry("focal", new LossCheck.Focal()),
          entry("monai", new LossCheck.Monai()),
          entry("lovasz", new LovaszCheck()),
          entry("adam", new AdamCheck()),
          entry("adam_groups", new AdamGroupsCheck()),
          entry("sgd", new SgdCheck()),
          entry("binary_jaccard_index", new JaccardCheck()),
          entry("confusion_scores", new ConfusionCheck()),
          entry("cosine_annealing_warm_restarts", new ScheduleCheck.Cosine()),
          entry("reduce_lr_on_plateau", new ScheduleCheck.Plateau()),
          entry("nn", new NnCheck()),
          entry("unet", new UnetCheck()));

  /** Makes the list of cases unmodifiable. */
  public GoldenSuite {
    cases = List.copyOf(cases);
  }

  /** {@return the suites that come with the project} */
  public static List<GoldenSuite> embedded() {
    var suites = new ArrayList<GoldenSuite>();
    for (String name : EMBEDDED) {
      String file = name + ".json.gz";
      try (InputStream in = GoldenSuite.class.getResourceAsStream(file)) {
        if (in == null) {
          throw new IllegalStateException("The golden suite " + file + " is missing in the jar.");
        }
        suites.add(read(file, new GZIPInputStream(in), GoldenSuite::embedded));
      } catch (IOException e) {
        throw new UncheckedIOException("The golden suite " + file + " cannot be read.", e);
      }
    }
    return suites;
  }

  /**
   * {@return the suites of a folder: its {@code .json} and {@code .json.gz} files in the order of
   * their names}
   *
   * @param folder where the files are
   * @throws IllegalArgumentException if the folder does not exist, holds no suite, or a file is not
   *     one
   */
  public static List<GoldenSuite> in(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException("The golden folder " + folder + " does not exist.");
    }
    var suites = new ArrayList<GoldenSuite>();
    GoldenFiles beside = name -> Files.newInputStream(folder.resolve(name));
    try (var files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".json")) {
          try (InputStream in = Files.newInputStream(file)) {
            suites.add(read(file.toString(), in, beside));
          }
        } else if (name.endsWith(".json.gz")) {
          try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            suites.add(read(file.toString(), in, beside));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The golden folder " + folder + " cannot be read.", e);
    }
    if (suites.isEmpty()) {
      throw new IllegalArgumentException(
          "The golden folder " + folder + " holds no .json or .json.gz file.");
    }
    return suites;
  }

  /**
   * {@return whether a case belongs to what there is now}
   *
   * @param golden a case of this suite
   */
  public boolean supports(GoldenCase golden) {
    GoldenCheck check = CHECKS.get(name);
    return check != null && check.supports(golden);
  }

  /**
   * Computes a case.
   *
   * @param engine where
   * @param golden a case that is supported
   * @return what differs from the reference implementation's results, or empty
   */
  public Optional<String> check(Engine engine, GoldenCase golden) {
    GoldenCheck check = CHECKS.get(name);
    return check == null ? Optional.of("there is no check") : check.check(engine, golden);
  }

  private static InputStream embedded(String name) throws IOException {
    InputStream in = GoldenSuite.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("The golden file " + name + " is missing in the jar.");
    }
    return in;
  }

  private static GoldenSuite read(String file, InputStream in, GoldenFiles files) {
    try {
      JsonNode root = JSON.readTree(in);
      String name = root.required("suite").stringValue();
      var cases = new ArrayList<GoldenCase>();
      for (JsonNode node : root.required("cases").values()) {
        cases.add(new GoldenCase(name, cases.size(), node, files));
      }
      return new GoldenSuite(name, cases);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          file + " is not a golden suite: " + e.getOriginalMessage() + ".", e);
    }
  }
}
