package dev.quern.train.image.sample;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The bytes of a file: in an array, or mapped when there are many. */
public final class FileBytes implements AutoCloseable {

  private static final long LARGE = 64L << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes;

  public FileBytes(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new UnreadException("is a folder; name a file");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UnreadException("is not a regular file; name a PNG or TIFF file");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      bytes =
          size > LARGE
              ? channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena)
              : MemorySegment.ofArray(read(channel, (int) size));
    }
  }

  private static byte[] read(FileChannel channel, int size) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return buffer.array();
  }

  public MemorySegment all() {
    return bytes;
  }

  @Override
  public void close() {
    arena.close();
  }
}
