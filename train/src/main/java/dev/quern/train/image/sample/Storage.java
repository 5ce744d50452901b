package dev.quern.train.image.sample;

import dev.quern.train.io.IoReason;
import java.awt.image.BandedSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.MultiPixelPackedSampleModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * Gives room for samples: on the heap, or in a mapped temporary file for pictures that would take
 * more than a sixteenth of it. The file has no name any more once it is mapped.
 */
public final class Storage implements AutoCloseable {

  private static final long MEBI = 1 << 20;

  private final long heapLimit;
  private final Arena arena = Arena.ofShared();
  private boolean mapped;

  public Storage() {
    this(Math.max(64 * MEBI, Runtime.getRuntime().maxMemory() / 16));
  }

  public Storage(long heapLimit) {
    this.heapLimit = heapLimit;
  }

  /** A storage with the same limit, for what is needed for a short time. */
  public Storage another() {
    return new Storage(heapLimit);
  }

  public boolean large(long bytes) {
    return bytes > heapLimit;
  }

  /** One plane per band. */
  public WritableRaster planes(int dataType, int width, int height, int bands) throws IOException {
    requireIndexable((long) width * height);
    return raster(new BandedSampleModel(dataType, width, height, bands), width * height, bands);
  }

  /** Bytes with the bands side by side, which ImageIO's readers fill fastest. */
  public WritableRaster bytes(int width, int height, int bands) throws IOException {
    long size = (long) width * height * bands;
    if (large(size)) {
      return planes(DataBuffer.TYPE_BYTE, width, height, bands);
    }
    int[] offsets = new int[bands];
    for (int i = 0; i < bands; i++) {
      offsets[i] = i;
    }
    return Raster.createWritableRaster(
        new PixelInterleavedSampleModel(
            DataBuffer.TYPE_BYTE, width, height, bands, width * bands, offsets),
        null);
  }

  /** Samples of 1, 2 or 4 bits, several to a byte. */
  public WritableRaster packed(int bits, int width, int height) throws IOException {
    long stride = ((long) width * bits + 7) / 8;
    requireIndexable(stride * height);
    return raster(
        new MultiPixelPackedSampleModel(DataBuffer.TYPE_BYTE, width, height, bits),
        (int) (stride * height),
        1);
  }

  private static void requireIndexable(long elements) throws UnreadException {
    if (elements > Integer.MAX_VALUE) {
      throw new UnreadException(
          "has more than 2147483647 pixels, the most that are read; cut it into tiles");
    }
  }

  private WritableRaster raster(SampleModel model, int elements, int banks) throws IOException {
    int width = DataBuffer.getDataTypeSize(model.getDataType()) / 8;
    if (!large((long) elements * banks * width)) {
      return Raster.createWritableRaster(model, null);
    }
    DataBuffer mapped =
        new MappedSamples(model.getDataType(), elements, map((long) elements * width, banks));
    return Raster.createWritableRaster(model, mapped, null);
  }

  private MemorySegment[] map(long bytes, int banks) throws UnreadException {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    long megabytes = bytes * banks / MEBI;
    try {
      long free = Files.getFileStore(folder).getUsableSpace();
      if (free < bytes * banks) {
        throw new UnreadException(
            String.format(
                Locale.ROOT,
                "needs a temporary file of %d MB and %s has %d MB free; free space or name another"
                    + " folder with QUERN_JAVA_OPTS=-Djava.io.tmpdir",
                megabytes,
                folder,
                free / MEBI));
      }
      return map(Files.createTempFile(folder, "quern-", ".samples"), bytes, banks);
    } catch (UnreadException e) {
      throw e;
    } catch (IOException e) {
      throw new UnreadException(
          String.format(
              Locale.ROOT,
              "needs a temporary file of %d MB that cannot be made in %s (%s); name another folder"
                  + " with QUERN_JAVA_OPTS=-Djava.io.tmpdir",
              megabytes,
              folder,
              IoReason.of(e)));
    }
  }

  private MemorySegment[] map(Path file, long bytes, int banks) throws IOException {
    mapped = true;
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      MemorySegment[] segments = new MemorySegment[banks];
      for (int i = 0; i < banks; i++) {
        segments[i] = channel.map(FileChannel.MapMode.READ_WRITE, i * bytes, bytes, arena);
      }
      return segments;
    }
  }

  @Override
  public void close() {
    if (mapped) {
      mapped = false;
      arena.close();
    }
  }
}
