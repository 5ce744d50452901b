package dev.quern.train.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.InflaterInputStream;

/** The pictures that other programs wrote, and what other decoders read in them. */
final class Fixtures {

  record Expected(
      String file,
      String raw,
      int width,
      int height,
      int channels,
      boolean alpha,
      int bits,
      boolean floatingPoint,
      int within) {

    @Override
    public String toString() {
      return file;
    }
  }

  private Fixtures() {}

  static List<Expected> all() {
    return new String(bytes("expected.txt"), StandardCharsets.UTF_8)
        .lines()
        .map(Fixtures::parse)
        .toList();
  }

  private static Expected parse(String line) {
    String[] words = line.split(" ", -1);
    return new Expected(
        words[0],
        words[1],
        Integer.parseInt(words[2]),
        Integer.parseInt(words[3]),
        Integer.parseInt(words[4]),
        words[5].equals("1"),
        Integer.parseInt(words[6]),
        words[7].equals("1"),
        Integer.parseInt(words[8]));
  }

  static byte[] bytes(String name) {
    try (InputStream in = Fixtures.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no fixture " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a fixture into a folder. */
  static Path copy(String name, Path folder) {
    return write(folder, name, bytes(name));
  }

  static Path write(Path folder, String name, byte[] bytes) {
    try {
      return Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static float[] raw(Expected expected) {
    ByteBuffer bytes = ByteBuffer.wrap(inflate(bytes(expected.raw))).order(ByteOrder.LITTLE_ENDIAN);
    float[] samples = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(samples);
    return samples;
  }

  private static byte[] inflate(byte[] packed) {
    try (InputStream in = new InflaterInputStream(new ByteArrayInputStream(packed))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All samples of a picture, by planes, alpha last. */
  static float[] samples(Picture picture) {
    int pixels = picture.width() * picture.height();
    int planes = picture.channels() + (picture.alpha() ? 1 : 0);
    float[] samples = new float[planes * pixels];
    for (int c = 0; c < planes; c++) {
      picture.read(c, 0, 0, picture.width(), picture.height(), samples, c * pixels);
    }
    return samples;
  }
}
