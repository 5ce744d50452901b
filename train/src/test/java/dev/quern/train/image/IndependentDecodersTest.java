package dev.quern.train.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every picture is read as the independent decoders read it. */
class IndependentDecodersTest {

  private static final int PSNR_ABOVE = 10;

  @TempDir private Path folder;

  static List<Fixtures.Expected> pictures() {
    return Fixtures.all();
  }

  /** Run lengths in BMP files are the one kind whose reader keeps everything on the heap. */
  static List<Fixtures.Expected> mappable() {
    return pictures().stream().filter(p -> !p.file().equals("palette8-rle.bmp")).toList();
  }

  @ParameterizedTest
  @MethodSource("pictures")
  void samplesAreThoseOfTheIndependentDecoder(Fixtures.Expected expected) {
    Path file = Fixtures.copy(expected.file(), folder);
    try (Picture picture = PictureFiles.read(file, 0)) {
      assertEquals(expected.width(), picture.width());
      assertEquals(expected.height(), picture.height());
      assertEquals(expected.channels(), picture.channels());
      assertEquals(expected.alpha(), picture.alpha());
      assertEquals(expected.bits(), picture.type().bits());
      assertEquals(expected.floatingPoint(), picture.type().floatingPoint());
      compare(Fixtures.raw(expected), Fixtures.samples(picture), expected.within());
    }
  }

  @ParameterizedTest
  @MethodSource("pictures")
  void headerSaysWhatThePictureHas(Fixtures.Expected expected) {
    Path file = Fixtures.copy(expected.file(), folder);
    Size size = PictureFiles.size(file, 0);
    assertEquals(expected.width(), size.width());
    assertEquals(expected.height(), size.height());
    assertEquals(expected.channels(), size.channels());
  }

  /** Without any heap for samples, as if every picture were too large for it. */
  @ParameterizedTest
  @MethodSource("mappable")
  void samplesInMappedMemoryAreTheSame(Fixtures.Expected expected) {
    MemorySegment bytes = MemorySegment.ofArray(Fixtures.bytes(expected.file()));
    try (Picture mapped = PictureFiles.read(Path.of("a"), bytes, 0, new Storage(0));
        Picture picture = PictureFiles.read(Path.of("a"), bytes, 0)) {
      assertArrayEquals(Fixtures.samples(picture), Fixtures.samples(mapped));
    }
  }

  private static void compare(float[] expected, float[] actual, int within) {
    assertEquals(expected.length, actual.length);
    if (within <= PSNR_ABOVE) {
      assertArrayEquals(expected, actual, within);
      return;
    }
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += Math.pow(expected[i] - actual[i], 2);
    }
    double psnr = 10 * Math.log10(255 * 255 / (squares / expected.length));
    assertTrue(psnr >= within, "PSNR " + psnr + " dB");
  }
}
