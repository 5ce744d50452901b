package dev.quern.train.run;

import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The metrics of all epochs as comma-separated values, one epoch a line, numbers in full. */
final class MetricsFile {

  private static final String HEADER =
      "epoch,learning_rate,train_loss,train_iou,val_loss,val_iou,seconds";

  private MetricsFile() {}

  static void write(Path file, List<EpochMetrics> epochs) {
    StringBuilder out = new StringBuilder(HEADER).append('\n');
    for (EpochMetrics epoch : epochs) {
      out.append(epoch.epoch()).append(',').append(epoch.learningRate()).append(',');
      out.append(epoch.trainLoss()).append(',').append(epoch.trainIou()).append(',');
      out.append(epoch.valLoss()).append(',').append(epoch.valIou()).append(',');
      out.append(epoch.seconds()).append('\n');
    }
    AtomicFile.writeText(file, out.toString());
  }

  static List<EpochMetrics> read(Path file) {
    try {
      List<EpochMetrics> epochs = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        if (!line.equals(HEADER)) {
          String[] cells = line.split(",", -1);
          epochs.add(
              new EpochMetrics(
                  Integer.parseInt(cells[0]),
                  Double.parseDouble(cells[1]),
                  Double.parseDouble(cells[2]),
                  Double.parseDouble(cells[3]),
                  Double.parseDouble(cells[4]),
                  Double.parseDouble(cells[5]),
                  Double.parseDouble(cells[6])));
        }
      }
      return epochs;
    } catch (IOException e) {
      throw new BadInputException("Cannot read %s: %s.".formatted(file, IoReason.of(e)), e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new BadInputException(
          "%s is damaged; start a new run instead of resuming this one.".formatted(file), e);
    }
  }
}
