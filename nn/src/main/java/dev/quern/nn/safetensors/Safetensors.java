package dev.quern.nn.safetensors;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A safetensors file in memory: named tensors and a map of strings. On disk: the header's length (8
 * bytes, little-endian), the header (JSON, padded with spaces to a multiple of 8 bytes), the
 * tensors one after the other, wider elements first so that each is aligned.
 *
 * <pre>{@code
 * Weights.load(Safetensors.read(file).tensors(), network.parameters());
 * new Safetensors(Weights.of(network.parameters()), Map.of()).write(file);
 * }</pre>
 *
 * @param tensors by name, in the order of the file
 * @param metadata free text by name
 */
public record Safetensors(Map<String, StoredTensor> tensors, Map<String, String> metadata) {

  /**
   * Copies both maps and keeps their order.
   *
   * @throws IllegalArgumentException when a tensor has the name that the format gives the metadata
   */
  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    if (tensors.containsKey(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "No tensor of a safetensors file can be named " + SafetensorsHeader.METADATA + ".");
    }
  }

  /**
   * Looks a tensor up.
   *
   * @param name its name
   * @return the tensor
   * @throws IllegalArgumentException when there is none of that name
   */
  public StoredTensor tensor(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("There is no tensor named " + name + ".");
    }
    return tensor;
  }

  /**
   * Looks a metadata entry up.
   *
   * @param name its name
   * @return the text
   * @throws IllegalArgumentException when there is none of that name
   */
  public String text(String name) {
    String text = metadata.get(name);
    if (text == null) {
      throw new IllegalArgumentException("The metadata has no entry " + name + ".");
    }
    return text;
  }

  /**
   * Reads a file into memory and checks it by the rules of the format: nothing missing, nothing
   * between the tensors or behind them, no byte in two of them, no name twice.
   *
   * @param file of at most 2 GB
   * @return its content
   * @throws SafetensorsFormatException when the file is cut off, breaks a rule, is larger, or has a
   *     tensor whose type is no {@link dev.quern.DType}
   * @throws IOException when it is missing or cannot be read
   */
  public static Safetensors read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a folder; give a safetensors file.");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, Files.isRegularFile(file) ? Files.size(file) : Integer.MAX_VALUE);
    } catch (SafetensorsFormatException e) {
      throw e.of(file.toString());
    }
  }

  /**
   * Reads a stream to its end, such as a resource of the class path, as {@link #read(Path)} reads a
   * file.
   *
   * @param in of at most 2 GB; it stays open
   * @return its content
   * @throws SafetensorsFormatException when it is cut off, breaks a rule, or has a tensor whose
   *     type is no {@link dev.quern.DType}
   * @throws IOException when it cannot be read
   */
  public static Safetensors read(InputStream in) throws IOException {
    try {
      return read(in, Integer.MAX_VALUE);
    } catch (SafetensorsFormatException e) {
      throw e.of("The stream");
    }
  }

  private static Safetensors read(InputStream in, long size) throws IOException {
    int length = headerLength(in.readNBytes(Long.BYTES), size);
    byte[] header = in.readNBytes(length);
    if (header.length < length) {
      throw cutOff(length, header.length);
    }
    return SafetensorsHeader.decode(header, MemorySegment.ofArray(in.readAllBytes()).asReadOnly());
  }

  /** Checked before any memory is taken for what a damaged or foreign file claims to hold. */
  private static int headerLength(byte[] beginning, long size) throws SafetensorsFormatException {
    if (beginning.length < Long.BYTES) {
      throw new SafetensorsFormatException("it has only " + beginning.length + " bytes");
    }
    long length = ByteBuffer.wrap(beginning).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > SafetensorsHeader.LONGEST) {
      throw new SafetensorsFormatException(
          "it begins with a header's length of %s bytes, and headers have 2 to %d"
              .formatted(Long.toUnsignedString(length), SafetensorsHeader.LONGEST));
    }
    if (length > size - Long.BYTES) {
      throw cutOff(length, size - Long.BYTES);
    }
    if (size > Integer.MAX_VALUE) {
      throw new SafetensorsFormatException(
          "it has %d bytes, and files of up to 2 GB are read".formatted(size));
    }
    return (int) length;
  }

  private static SafetensorsFormatException cutOff(long length, long present) {
    return new SafetensorsFormatException(
        "its header should have %d bytes, the file has %d for it".formatted(length, present));
  }

  /**
   * Writes or replaces a file, whole or not at all: the bytes go to another file in the same folder
   * and are forced to the disk before that takes the name. A link is followed; what is no file,
   * such as a pipe, is written to as it is.
   *
   * @param file the final name, in a folder that is there
   * @throws IOException when it cannot be written; a file that was there before stays
   * @throws IllegalArgumentException when a name or text holds half of a surrogate pair, or all of
   *     them take more than 100 MB; nothing is written then
   */
  public void write(Path file) throws IOException {
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
        writeTo(out);
      }
      return;
    }
    Path unfinished = target.resolveSibling(".quern-" + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
              FileChannel.open(
                  unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel))) {
        writeTo(out);
        out.flush();
        channel.force(true);
      }
      Files.move(
          unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /**
   * Writes to a stream what a file would hold.
   *
   * @param out stays open
   * @throws IOException when it refuses the bytes
   * @throws IllegalArgumentException when a name or text holds half of a surrogate pair, or all of
   *     them take more than 100 MB; nothing is written then
   */
  public void writeTo(OutputStream out) throws IOException {
    List<Map.Entry<String, StoredTensor>> ordered =
        tensors.entrySet().stream()
            .sorted(
                Comparator.comparingInt(
                    (Map.Entry<String, StoredTensor> e) -> -e.getValue().dtype().bytes()))
            .toList();
    byte[] header = SafetensorsHeader.encode(ordered, metadata);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(length.putLong(0, header.length).array());
    out.write(header);
    for (Map.Entry<String, StoredTensor> entry : ordered) {
      copy(entry.getValue().data(), out);
    }
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
