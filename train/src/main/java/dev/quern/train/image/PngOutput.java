package dev.quern.train.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Writes the chunks of a PNG file one after the other. As a stream it takes the pixels. */
final class PngOutput extends OutputStream {

  private static final int DATA_CHUNK = 1 << 16;

  private final OutputStream out;
  private final byte[] data = new byte[DATA_CHUNK];
  private int filled;

  PngOutput(OutputStream out) throws IOException {
    this.out = out;
    out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
  }

  void chunk(String type, byte[] content, int length) throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(content, 0, length);
    out.write(ByteBuffer.allocate(8).putInt(length).put(name).array());
    out.write(content, 0, length);
    out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  @Override
  public void write(int b) throws IOException {
    data[filled++] = (byte) b;
    if (filled == data.length) {
      flushData();
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    int written = 0;
    while (written < count) {
      int piece = Math.min(count - written, data.length - filled);
      System.arraycopy(bytes, offset + written, data, filled, piece);
      filled += piece;
      written += piece;
      if (filled == data.length) {
        flushData();
      }
    }
  }

  private void flushData() throws IOException {
    chunk("IDAT", data, filled);
    filled = 0;
  }

  /** Ends the picture; the stream below stays open. */
  @Override
  public void close() throws IOException {
    if (filled > 0) {
      flushData();
    }
    chunk("IEND", data, 0);
  }
}
