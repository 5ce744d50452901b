package dev.quern.train.image.sample;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * Pieces of files as one stream for a reader of ImageIO. A decoder chooses which parts of a file
 * the reader sees, so that what is not needed (profiles, thumbnails, comments) cannot do harm.
 */
public final class Slices extends ImageInputStreamImpl {

  private final List<MemorySegment> slices;
  private final long[] starts;
  private final long length;
  private final boolean bounded;
  private int current;

  /** A stream for a reader that knows where to stop. */
  public static Slices bounded(List<MemorySegment> slices) {
    return new Slices(slices, true);
  }

  public Slices(List<MemorySegment> slices) {
    this(slices, false);
  }

  private Slices(List<MemorySegment> slices, boolean bounded) {
    this.bounded = bounded;
    this.slices = slices.stream().filter(slice -> slice.byteSize() > 0).toList();
    starts = new long[this.slices.size()];
    long total = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = total;
      total += this.slices.get(i).byteSize();
    }
    length = total;
  }

  @Override
  public int read() throws IOException {
    bitOffset = 0;
    if (streamPos >= length) {
      return end();
    }
    long at = find();
    streamPos++;
    return slices.get(current).get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  /** Reads as much as there is, because {@code readInt} takes less for the end of the stream. */
  @Override
  public int read(byte[] into, int offset, int count) throws IOException {
    bitOffset = 0;
    if (count > 0 && streamPos >= length) {
      return end();
    }
    int read = 0;
    while (read < count && streamPos < length) {
      long at = find();
      MemorySegment slice = slices.get(current);
      int piece = (int) Math.min(count - read, slice.byteSize() - at);
      MemorySegment.copy(slice, ValueLayout.JAVA_BYTE, at, into, offset + read, piece);
      read += piece;
      streamPos += piece;
    }
    return read;
  }

  /** Readers that go on with made-up bytes behind the end would do so for hours. */
  private int end() throws DamagedException {
    if (bounded) {
      throw new DamagedException("its compressed data end too early");
    }
    return -1;
  }

  /** The position inside the current slice. */
  private long find() {
    if (streamPos < starts[current]
        || streamPos >= starts[current] + slices.get(current).byteSize()) {
      int found = Arrays.binarySearch(starts, streamPos);
      current = found >= 0 ? found : -found - 2;
    }
    return streamPos - starts[current];
  }

  @Override
  public long length() {
    return length;
  }
}
