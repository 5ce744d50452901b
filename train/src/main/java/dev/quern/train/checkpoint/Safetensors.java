package dev.quern.train.checkpoint;

import dev.quern.train.BadInputException;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import java.io.IOException;
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
   * Reads a file into memory and checks that it is whole.
   *
   * @param file of at most 2 GB
   * @return its content
   * @throws BadInputException when the file is missing, cut off, or not of this format
   */
  public static Safetensors read(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read the checkpoint %s: %s.".formatted(file, IoReason.of(e)), e);
    }
    try {
      return parse(bytes);
    } catch (IllegalStateException e) {
      throw new BadInputException(
          "%s is not a whole safetensors file (%s); use another checkpoint or train anew."
              .formatted(file, e.getMessage()),
          e);
    }
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

  private static Safetensors parse(byte[] bytes) {
    if (bytes.length < 8) {
      throw new IllegalStateException("it has only " + bytes.length + " bytes");
    }
    long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    if (length < 2 || length > bytes.length - 8) {
      throw new IllegalStateException(
          "its header should have %d bytes, the file has %d".formatted(length, bytes.length));
    }
    MemorySegment data = MemorySegment.ofArray(bytes).asSlice(8 + length).asReadOnly();
    return SafetensorsHeader.decode(bytes, 8, (int) length, data);
  }
}
