package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Walks the markers of a JPEG stream (ITU T.81, annex B). */
final class JpegMarkers {

  static final int SOI = 0xD8;
  static final int EOI = 0xD9;
  static final int SOS = 0xDA;
  static final int DQT = 0xDB;
  static final int DHT = 0xC4;
  static final int DRI = 0xDD;
  static final int COM = 0xFE;
  static final int APP0 = 0xE0;
  static final int APP1 = 0xE1;
  static final int APP14 = 0xEE;
  static final int APP15 = 0xEF;

  private final MemorySegment bytes;
  private long position;
  private long start;
  private boolean stray;

  JpegMarkers(MemorySegment bytes) {
    this.bytes = bytes;
  }

  /**
   * Goes to the next marker. Behind SOS the coded data, stuffed bytes and restart markers are
   * passed over.
   *
   * @return the second byte of the marker, or -1 at the end of the bytes
   */
  int next() {
    long from = position;
    while (position + 1 < bytes.byteSize()) {
      if (byteAt(position) == 0xFF) {
        int code = byteAt(position + 1);
        if (code == 0xFF) {
          position++;
          continue;
        }
        if (code != 0 && (code < 0xD0 || code > 0xD7) && code != 0x01) {
          stray = position > from;
          start = position;
          position += 2;
          return code;
        }
        position++;
      }
      position++;
    }
    return -1;
  }

  /** Whether other bytes stood before the marker that {@link #next} returned. */
  boolean stray() {
    return stray;
  }

  /** The position of the marker itself. */
  long start() {
    return start;
  }

  /** The position behind what was read last. */
  long position() {
    return position;
  }

  /** The content behind the marker, without its length. */
  MemorySegment content() throws DamagedException {
    if (position + 2 > bytes.byteSize()) {
      throw cutOff();
    }
    int length = byteAt(position) << 8 | byteAt(position + 1);
    if (length < 2) {
      throw new DamagedException("a JPEG segment has no valid length");
    }
    if (position + length > bytes.byteSize()) {
      throw cutOff();
    }
    MemorySegment content = bytes.asSlice(position + 2, length - 2);
    position += length;
    return content;
  }

  static DamagedException cutOff() {
    return new DamagedException("the JPEG file is cut off");
  }

  private int byteAt(long at) {
    return bytes.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }
}
