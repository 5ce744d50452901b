package dev.quern.train.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureWriterTest {

  @TempDir private Path folder;

  private static void pattern(int y, int[] row) {
    for (int x = 0; x < row.length; x++) {
      row[x] = (x * 31 + y * 977) & 0xFFFF;
    }
  }

  private static void bytes(int y, int[] row) {
    pattern(y, row);
    for (int x = 0; x < row.length; x++) {
      row[x] &= 0xFF;
    }
  }

  @Test
  void byteRowsAreReadBackByTheJdk() throws IOException {
    Path file = folder.resolve("a.png");
    PictureWriter.writeGrey(file, 301, 207, PictureWriterTest::bytes);
    requireRows(file, 8, 301, 207, PictureWriterTest::bytes);
  }

  @Test
  void shortRowsAreReadBackByTheJdk() throws IOException {
    Path file = folder.resolve("a.png");
    PictureWriter.writeGrey16(file, 301, 207, PictureWriterTest::pattern);
    requireRows(file, 16, 301, 207, PictureWriterTest::pattern);
  }

  private static void requireRows(
      Path file, int bits, int width, int height, PictureWriter.RowSource rows) throws IOException {
    var raster = ImageIO.read(file.toFile()).getRaster();
    assertEquals(bits, raster.getSampleModel().getSampleSize(0));
    assertEquals(width, raster.getWidth());
    assertEquals(height, raster.getHeight());
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      rows.read(y, row);
      for (int x = 0; x < width; x++) {
        assertEquals(row[x], raster.getSample(x, y, 0));
      }
    }
  }

  @Test
  void ownPicturesAreKnown() {
    Path file = folder.resolve("a.png");
    PictureWriter.writeGrey(file, 3, 2, PictureWriterTest::bytes);
    assertTrue(PictureWriter.isOurs(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rgb8.png", "grey8-trns.png", "jpeg-444.jpg", "README.md"})
  void otherFilesAreNotOurs(String name) {
    assertFalse(PictureWriter.isOurs(Fixtures.copy(name, folder)));
  }

  @Test
  void missingFileIsNamed() {
    Path file = folder.resolve("none.png");
    BadInputException e = assertThrows(BadInputException.class, () -> PictureWriter.isOurs(file));
    assertTrue(String.valueOf(e.getMessage()).contains("none.png"), e.getMessage());
  }
}
