package dev.quern.train.fuzz;

import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.SafetensorsFormatException;
import dev.quern.nn.safetensors.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads any bytes as a safetensors file: they are refused with a sentence, or are a whole file. */
public final class SafetensorsFuzzTarget {

  private static final Path FILE = temporaryFile();

  private SafetensorsFuzzTarget() {}

  /**
   * Reads one input.
   *
   * @param data what the file holds
   */
  public static void fuzzerTestOneInput(byte[] data) {
    // not emptied before: file systems then write to the disk at once, a hundred times as slow
    try (FileChannel file = FileChannel.open(FILE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(data));
      file.truncate(data.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Safetensors read;
    try {
      read = Safetensors.read(FILE);
    } catch (SafetensorsFormatException e) {
      requireOneLine(e);
      return;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    long bytes = read.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum();
    if (bytes > data.length - Long.BYTES) {
      throw new AssertionError(bytes + " bytes of tensors in a file of " + data.length);
    }
    read.tensors().values().forEach(StoredTensor::isFinite);
  }

  static void requireOneLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    if (message.lines().count() != 1 || message.length() > 1000) {
      throw new AssertionError("no sentence: " + message, e);
    }
  }

  private static Path temporaryFile() {
    try {
      Path file = Files.createTempFile("quern-fuzz", ".safetensors");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
