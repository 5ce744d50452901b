package dev.quern.train.fuzz;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.trainer.TrainedModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Opens a run folder in which one file is any bytes: it is refused with a sentence, or its parts
 * can be used.
 */
public final class RunFuzzTarget {

  private static final List<String> FILES =
      List.of("config.json", "metrics.csv", "checkpoint-last.safetensors");
  private static final Engine ENGINE = Engine.open("reference");
  private static final Path FOLDER = valid();

  private RunFuzzTarget() {}

  private static Path valid() {
    try {
      Path folder = Files.createTempDirectory("quern-run-fuzz-");
      for (int file = 0; file < FILES.size(); file++) {
        Files.write(folder.resolve(FILES.get(file)), seed(file));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the file has in a run that is as it should be. */
  static byte[] seed(int file) throws IOException {
    String name = FILES.get(file);
    String resource = "run/" + name.substring(0, name.indexOf('.'));
    try (InputStream in = RunFuzzTarget.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("There is no resource " + resource);
      }
      byte[] bytes = in.readAllBytes();
      return Arrays.copyOfRange(bytes, 1, bytes.length);
    }
  }

  /**
   * Opens one folder.
   *
   * @param data which file, and what is in it
   */
  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length == 0) {
      return;
    }
    int file = Byte.toUnsignedInt(data[0]) % FILES.size();
    Path damaged = FOLDER.resolve(FILES.get(file));
    try {
      Files.write(damaged, Arrays.copyOfRange(data, 1, data.length));
      open();
      Files.write(damaged, seed(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void open() {
    try (RunFolder folder = RunFolder.existing(FOLDER)) {
      RunConfig config = folder.readConfig();
      config.data().reading().rule();
      config.describe();
      folder.readMetrics();
      TrainedModel.load(folder.lastCheckpoint(), ENGINE, new BinaryConfusionOptions(), 1).close();
    } catch (BadInputException e) {
      SafetensorsFuzzTarget.requireOneLine(e);
    }
  }
}
