package dev.quern.train.run;

import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files of a run: {@code config.json}, {@code metrics.csv}, {@code
 * checkpoint-best.safetensors}, {@code checkpoint-last.safetensors}, {@code test.json}, {@code
 * report.html}. Each is written whole or not at all. While a process works on the run it holds a
 * lock on the file {@code .lock} of the folder, which ends with the process however it ends.
 */
public final class RunFolder implements AutoCloseable {

  private static final String LOCK = ".lock";

  private final Path path;
  private final FileChannel lock;
  private final boolean made;

  private RunFolder(Path path, FileChannel lock, boolean made) {
    this.path = path;
    this.lock = lock;
    this.made = made;
  }

  /**
   * Claims a folder for a new run.
   *
   * @param path missing or empty
   * @return the folder, locked
   * @throws BadInputException when something is in it, another process works on it, or it cannot be
   *     written to
   */
  public static RunFolder claim(Path path) {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new BadInputException("--out %s is a file; name a folder for the run.".formatted(path));
    }
    boolean made = !Files.exists(path);
    if (!made) {
      requireEmpty(path);
    }
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    RunFolder folder = new RunFolder(path, locked(path, "give another --out"), made);
    try {
      requireEmpty(path);
      AtomicFile.removeTemporaries(path);
      return folder;
    } catch (IOException e) {
      folder.close();
      throw unwritable(path, e);
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Claims a new folder whose name nobody has.
   *
   * @param wanted its name, to which a number is added if it is taken
   * @return the folder, locked
   * @throws BadInputException when it cannot be made
   */
  public static RunFolder claimNew(Path wanted) {
    try {
      Files.createDirectories(wanted.toAbsolutePath().getParent());
      for (int number = 1; ; number++) {
        Path path =
            number == 1 ? wanted : wanted.resolveSibling(wanted.getFileName() + "-" + number);
        try {
          Files.createDirectory(path);
          return new RunFolder(path, locked(path, "start again"), true);
        } catch (FileAlreadyExistsException _) {
          // another run's
        }
      }
    } catch (IOException e) {
      throw unwritable(wanted, e);
    }
  }

  /**
   * The folder of a run that was begun.
   *
   * @param path holds at least {@code config.json}
   * @return the folder, locked
   * @throws BadInputException when it does not, or another process works on it
   */
  public static RunFolder existing(Path path) {
    if (!Files.isRegularFile(path.resolve("config.json"))) {
      throw new BadInputException(
          "%s holds no run: config.json is missing; give the folder that quern train made."
              .formatted(path));
    }
    RunFolder folder =
        new RunFolder(path, locked(path, "wait until it is done, or stop it"), false);
    try {
      AtomicFile.removeTemporaries(path);
      return folder;
    } catch (IOException e) {
      folder.close();
      throw unwritable(path, e);
    }
  }

  private static BadInputException unwritable(Path path, IOException e) {
    return new BadInputException(
        "Cannot make a run in %s: %s; give another --out.".formatted(path, IoReason.of(e)), e);
  }

  private static FileChannel locked(Path path, String remedy) {
    try {
      FileChannel channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = null;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException _) {
        // this process has it
      } finally {
        if (lock == null) {
          channel.close();
        }
      }
      if (lock == null) {
        throw new BadInputException(
            "Another process works on the run in %s; %s.".formatted(path, remedy));
      }
      return channel;
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static void requireEmpty(Path path) {
    try (Stream<Path> entries = Files.list(path)) {
      if (entries.anyMatch(entry -> !isLock(entry) && !AtomicFile.isTemporary(entry))) {
        throw new BadInputException(
            "The folder %s is not empty; give another --out, or go on with --resume %s."
                .formatted(path, path));
      }
    } catch (IOException e) {
      throw new BadInputException("Cannot list %s: %s.".formatted(path, IoReason.of(e)), e);
    }
  }

  private static boolean isLock(Path file) {
    return String.valueOf(file.getFileName()).equals(LOCK);
  }

  /**
   * The folder.
   *
   * @return as it was named
   */
  public Path path() {
    return path;
  }

  /** Takes back a claim before anything worth keeping was written: the folder is as it was. */
  public void abandon() {
    try {
      Files.deleteIfExists(configFile());
      Files.deleteIfExists(path.resolve(LOCK));
      if (made) {
        Files.deleteIfExists(path);
      }
    } catch (IOException _) {
      // what is left is an empty claim, which the next run takes over
    }
    close();
  }

  /** Lets another process work on the run. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException _) {
      // nothing was written to it
    }
  }

  /**
   * Whether an epoch was done.
   *
   * @return true when there is a last checkpoint
   */
  public boolean hasCheckpoint() {
    return Files.isRegularFile(lastCheckpoint());
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
   * The scores of the test images.
   *
   * @return a file of this folder
   */
  public Path testScores() {
    return path.resolve("test.json");
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
   * @throws BadInputException when it is missing or damaged
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
