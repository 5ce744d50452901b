package dev.quern.train.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * Walks the chunks of a PNG file and checks their CRCs, which the JDK's reader does not: without
 * this a flipped bit or a cut-off end would pass as a picture.
 */
final class PngChunks {

  private static final long SIGNATURE = 0x89504E470D0A1A0AL;
  private static final int IEND = 0x49454E44;

  private PngChunks() {}

  /**
   * Checks a whole file.
   *
   * @param bytes the file
   * @throws IOException saying what is wrong
   */
  static void verify(byte[] bytes) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.remaining() < 8 || in.getLong() != SIGNATURE) {
      throw new IOException("no PNG signature");
    }
    CRC32 crc = new CRC32();
    while (true) {
      if (in.remaining() < 12) {
        throw new IOException("the PNG file is cut off");
      }
      int length = in.getInt();
      if (length < 0 || length > in.remaining() - 8) {
        throw new IOException("the PNG file is cut off");
      }
      crc.reset();
      crc.update(bytes, in.position(), 4 + length);
      int type = in.getInt();
      in.position(in.position() + length);
      if (in.getInt() != (int) crc.getValue()) {
        throw new IOException("a PNG checksum does not match");
      }
      if (type == IEND) {
        return;
      }
    }
  }
}
