package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Walks the chunks of a PNG file, whose CRCs the JDK's reader does not check: without this a
 * flipped bit or a cut-off end would pass as a picture.
 */
public final class PngChunks {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int SIGNATURE = 8;
  private static final int FRAME = 12;

  /**
   * A chunk.
   *
   * @param type four letters
   * @param whole with length, type and CRC
   * @param data its content
   */
  public record Chunk(String type, MemorySegment whole, MemorySegment data) {

    /** Without critical chunks there is no picture. */
    boolean critical() {
      return Character.isUpperCase(type.charAt(0));
    }

    /** Whether the CRC matches. */
    boolean sound() {
      CRC32 crc = new CRC32();
      crc.update(whole.asSlice(4, 4 + data.byteSize()).asByteBuffer());
      return whole.get(INT, 8 + data.byteSize()) == (int) crc.getValue();
    }
  }

  private final MemorySegment file;
  private long position = SIGNATURE;

  public PngChunks(MemorySegment file) {
    this.file = file;
  }

  /**
   * The next chunk.
   *
   * @return null behind the last byte
   */
  public @Nullable Chunk next() throws DamagedException {
    long left = file.byteSize() - position;
    if (left == 0) {
      return null;
    }
    if (left < FRAME) {
      throw new DamagedException("the PNG file is cut off");
    }
    int length = file.get(INT, position);
    if (length < 0 || length > left - FRAME) {
      throw new DamagedException("the PNG file is cut off");
    }
    MemorySegment whole = file.asSlice(position, FRAME + (long) length);
    String type =
        new String(whole.asSlice(4, 4).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
    position += whole.byteSize();
    return new Chunk(type, whole, whole.asSlice(8, length));
  }

  public long bytesLeft() {
    return file.byteSize() - position;
  }
}
