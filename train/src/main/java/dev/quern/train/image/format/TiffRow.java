package dev.quern.train.image.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Turns the bytes of one row of a strip or tile into samples. */
final class TiffRow {

  private final TiffLayout layout;
  private final ByteOrder order;
  private final int samples;
  private final byte[] bytes;
  private final int[] values;
  private final double[] doubles;

  TiffRow(TiffLayout layout) {
    this.layout = layout;
    samples = layout.samplesInSegment();
    bytes = new byte[(int) layout.rowBytes()];
    values = new int[layout.bits == 64 ? 0 : layout.tileWidth * samples];
    doubles = new double[layout.bits == 64 ? layout.tileWidth * samples : 0];
    order = layout.predictorInUse() == 3 ? ByteOrder.BIG_ENDIAN : layout.directory.order();
  }

  /** To be filled with a row of the segment before {@link #decode}. */
  byte[] bytes() {
    return bytes;
  }

  void decode() {
    if (layout.predictorInUse() == 3) {
      undoFloatingPointDifferences();
    }
    unpack();
    if (layout.predictorInUse() == 2) {
      for (int i = samples; i < values.length; i++) {
        values[i] += values[i - samples];
      }
      maskAll();
    }
  }

  private void maskAll() {
    if (layout.bits < 32) {
      int mask = (1 << layout.bits) - 1;
      for (int i = 0; i < values.length; i++) {
        values[i] &= mask;
      }
    }
  }

  /**
   * The bytes of all values lie in planes, highest first, as differences (TIFF technical note 3).
   */
  private void undoFloatingPointDifferences() {
    for (int i = samples; i < bytes.length; i++) {
      bytes[i] += bytes[i - samples];
    }
    int width = layout.bits / 8;
    int count = layout.tileWidth * samples;
    byte[] planes = bytes.clone();
    for (int i = 0; i < count; i++) {
      for (int b = 0; b < width; b++) {
        bytes[i * width + b] = planes[b * count + i];
      }
    }
  }

  private void unpack() {
    MemorySegment from = MemorySegment.ofArray(bytes);
    switch (layout.bits) {
      case 8 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = bytes[i] & 0xFF;
        }
      }
      case 16 -> {
        ValueLayout.OfShort shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
        for (int i = 0; i < values.length; i++) {
          values[i] = from.get(shorts, 2L * i) & 0xFFFF;
        }
      }
      case 24 -> {
        boolean little = order == ByteOrder.LITTLE_ENDIAN;
        for (int i = 0; i < values.length; i++) {
          int at = 3 * i;
          values[i] =
              (bytes[at + (little ? 2 : 0)] & 0xFF) << 16
                  | (bytes[at + 1] & 0xFF) << 8
                  | (bytes[at + (little ? 0 : 2)] & 0xFF);
        }
      }
      case 32 -> {
        ValueLayout.OfInt ints = ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
        for (int i = 0; i < values.length; i++) {
          values[i] = from.get(ints, 4L * i);
        }
      }
      case 64 -> {
        ValueLayout.OfDouble eights = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(order);
        for (int i = 0; i < doubles.length; i++) {
          doubles[i] = from.get(eights, 8L * i);
        }
      }
      default -> unpackBits();
    }
  }

  private void unpackBits() {
    int bits = layout.bits;
    long buffer = 0;
    int held = 0;
    int at = 0;
    for (int i = 0; i < values.length; i++) {
      while (held < bits) {
        buffer = buffer << 8 | (bytes[at++] & 0xFF);
        held += 8;
      }
      held -= bits;
      values[i] = (int) (buffer >>> held) & ((1 << bits) - 1);
    }
  }

  /** Integer samples of one band, as shown: white-is-zero is turned round. */
  void integers(int band, int count, int[] into) {
    boolean signed = layout.type.signed();
    boolean inverted = layout.photometric == TiffLayout.WHITE_IS_ZERO && band != layout.alpha;
    int unused = 32 - layout.bits;
    int mask = -1 >>> unused;
    for (int i = 0; i < count; i++) {
      int value = values[i * samples + band];
      if (signed) {
        value = value << unused >> unused;
      } else if (inverted) {
        value = mask - value;
      }
      into[i] = value;
    }
  }

  void floats(int band, int count, float[] into) {
    for (int i = 0; i < count; i++) {
      int at = i * samples + band;
      into[i] =
          switch (layout.bits) {
            case 16 -> Float.float16ToFloat((short) values[at]);
            case 32 -> Float.intBitsToFloat(values[at]);
            default -> (float) doubles[at];
          };
    }
  }
}
