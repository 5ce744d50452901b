package dev.quern.train.checkpoint;

import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file in memory: named tensors and a map of strings. On disk: the header's length (8
 * bytes, little-endian), the header (JSON, padded with spaces to a multiple of 8 bytes), the
 * tensors one after the other, wider elements first so that each is aligned. Files are written
 * whole or not at all.
 *
 * @param tensors by name, in the order of the file
 * @param metadata free text by name
 */
public record Safetensors(Map<String, StoredTensor> tensors, Map<String, String> metadata) {

  /** As in the format's reference implementation. */
  private static final int LONGEST_HEADER = 100_000_000;

  /** Copies both maps and keeps their order. */
  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /**
   * Looks a tensor up.
   *
   * @param name its name
   * @return the tensor
   * @throws IllegalStateException when there is none of that name
   */
  public StoredTensor tensor(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("it holds no tensor named " + name);
    }
    return tensor;
  }

  /**
   * Looks a metadata entry up.
   *
   * @param name its name
   * @return the text
   * @throws IllegalStateException when there is none of that name
   */
  public String text(String name) {
    String text = metadata.get(name);
    if (text == null) {
      throw new IllegalStateException("its metadata has no entry " + name);
    }
    return text;
  }

  /**
   * Reads a file into memory and checks it by the rules of the format: nothing missing, nothing
   * between the tensors or behind them, no byte in two of them, no name twice.
   *
   * @param file of at most 2 GB
   * @return its content
   * @throws BadInputException when the file is missing, cut off, or breaks a rule
   */
  public static Safetensors read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      long size = Files.isRegularFile(file) ? Files.size(file) : Integer.MAX_VALUE;
      int length = headerLength(in.readNBytes(Long.BYTES), size);
      byte[] header = in.readNBytes(length);
      if (header.length < length) {
        throw cutOff(length, header.length);
      }
      return SafetensorsHeader.decode(
          header, MemorySegment.ofArray(in.readAllBytes()).asReadOnly());
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read the checkpoint %s: %s.".formatted(file, IoReason.of(e)), e);
    } catch (IllegalStateException e) {
      throw new BadInputException(
          "%s is not a whole safetensors file (%s); use another checkpoint or train anew."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Checked before any memory is taken for what a damaged or foreign file claims to hold. */
  private static int headerLength(byte[] beginning, long size) {
    if (beginning.length < Long.BYTES) {
      throw new IllegalStateException("it has only " + beginning.length + " bytes");
    }
    long length = ByteBuffer.wrap(beginning).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > LONGEST_HEADER) {
      throw new IllegalStateException(
          "it begins with a header's length of %s bytes, and headers have 2 to %d"
              .formatted(Long.toUnsignedString(length), LONGEST_HEADER));
    }
    if (length > size - Long.BYTES) {
      throw cutOff(length, size - Long.BYTES);
    }
    if (size > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "it has %d bytes, and files of up to 2 GB are read".formatted(size));
    }
    return (int) length;
  }

  private static IllegalStateException cutOff(long length, long present) {
    return new IllegalStateException(
        "its header should have %d bytes, the file has %d for it".formatted(length, present));
  }

  /**
   * Writes or replaces a file.
   *
   * @param file the final name
   * @throws BadInputException when it cannot be written; a file that was there before stays
   */
  public void write(Path file) {
    List<Map.Entry<String, StoredTensor>> ordered =
        tensors.entrySet().stream()
            .sorted(
                Comparator.comparingInt(
                    (Map.Entry<String, StoredTensor> e) -> -e.getValue().dtype().bytes()))
            .toList();
    byte[] header = SafetensorsHeader.encode(ordered, metadata);
    AtomicFile.write(
        file,
        out -> {
          ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          out.write(length.putLong(0, header.length).array());
          out.write(header);
          for (Map.Entry<String, StoredTensor> entry : ordered) {
            copy(entry.getValue().data(), out);
          }
        });
  }

  private static void copy(MemorySegment data, OutputStream out) throws IOException {
    byte[] chunk = new byte[1 << 16];
    for (long at = 0; at < data.byteSize(); at += chunk.length) {
      int length = (int) Math.min(chunk.length, data.byteSize() - at);
      MemorySegment.copy(data, at, MemorySegment.ofArray(chunk), 0, length);
      out.write(chunk, 0, length);
    }
  }
}
