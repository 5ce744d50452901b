package dev.quern.train.run;

import dev.quern.train.BadInputException;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files of a run: {@code config.json}, {@code metrics.csv}, {@code
 * checkpoint-best.safetensors}, {@code checkpoint-last.safetensors}, {@code report.html}. Each is
 * written whole or not at all.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

  /**
   * A folder for a new run; made with its first file.
   *
   * @param path missing or empty
   * @return the folder
   * @throws BadInputException when something is in it already
   */
  public static RunFolder create(Path path) {
    if (Files.exists(path)) {
      if (!Files.isDirectory(path)) {
        throw new BadInputException(
            "--out %s is a file; name a folder for the run.".formatted(path));
      }
      try (Stream<Path> entries = Files.list(path)) {
        if (entries.findAny().isPresent()) {
          throw new BadInputException(
              "The folder %s is not empty; give another --out, or go on with --resume %s."
                  .formatted(path, path));
        }
      } catch (IOException e) {
        throw new BadInputException("Cannot list %s: %s.".formatted(path, IoReason.of(e)), e);
      }
    }
    return new RunFolder(path);
  }

  /**
   * The folder of a run that was begun.
   *
   * @param path holds at least {@code config.json} and the last checkpoint
   * @return the folder
   * @throws BadInputException when it does not
   */
  public static RunFolder existing(Path path) {
    RunFolder folder = new RunFolder(path);
    for (Path file : List.of(folder.configFile(), folder.lastCheckpoint(), folder.metricsFile())) {
      if (!Files.isRegularFile(file)) {
        throw new BadInputException(
            "%s holds no run to resume: %s is missing; give the folder of a run that finished at"
                    .formatted(path, file.getFileName())
                + " least one epoch.");
      }
    }
    return folder;
  }

  /**
   * The checkpoint of the epoch with the best validation IoU.
   *
   * @return a file of this folder
   */
  public Path bestCheckpoint() {
    return path.resolve("checkpoint-best.safetensors");
  }

  /**
   * The checkpoint of the last epoch.
   *
   * @return a file of this folder
   */
  public Path lastCheckpoint() {
    return path.resolve("checkpoint-last.safetensors");
  }

  /**
   * The report.
   *
   * @return a file of this folder
   */
  public Path report() {
    return path.resolve("report.html");
  }

  /**
   * Writes {@code config.json}.
   *
   * @param config of this run
   */
  public void writeConfig(RunConfig config) {
    AtomicFile.writeText(
        configFile(),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(config.toJson())
            + "\n");
  }

  /**
   * Reads {@code config.json}.
   *
   * @return the configuration
   * @throws BadInputException when it is damaged
   */
  public RunConfig readConfig() {
    try {
      return RunConfig.parse(Files.readString(configFile()));
    } catch (IOException e) {
      throw new BadInputException("Cannot read %s: %s.".formatted(configFile(), IoReason.of(e)), e);
    }
  }

  /**
   * Writes {@code metrics.csv}.
   *
   * @param epochs all of them
   */
  public void writeMetrics(List<EpochMetrics> epochs) {
    MetricsFile.write(metricsFile(), epochs);
  }

  /**
   * Reads {@code metrics.csv}.
   *
   * @return all epochs
   * @throws BadInputException when it is damaged
   */
  public List<EpochMetrics> readMetrics() {
    return MetricsFile.read(metricsFile());
  }

  private Path configFile() {
    return path.resolve("config.json");
  }

  private Path metricsFile() {
    return path.resolve("metrics.csv");
  }
}
