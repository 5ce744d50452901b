package dev.quern.train.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures whose samples do not fit the heap of the tests, which is 1 GB. */
@Tag("large")
class LargePicturesTest {

  @TempDir private Path folder;

  @BeforeEach
  void theHeapIsSmall() {
    assertTrue(Runtime.getRuntime().maxMemory() <= 1 << 30, "run with -Xmx1g");
  }

  private static int value(int x, int y, int band) {
    return (x / 7 * 3 + y / 5 + band * 50) & 0xFF;
  }

  private static void fill(byte[] row, int from, int x0, int y, int columns, int bands) {
    for (int x = 0; x < columns; x++) {
      for (int band = 0; band < bands; band++) {
        row[from + x * bands + band] = (byte) value(x0 + x, y, band);
      }
    }
  }

  private Path png(int side, int colourType, int bands) throws IOException {
    Path file = folder.resolve("large.png");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      PngOutput png = new PngOutput(out);
      ByteBuffer header = ByteBuffer.allocate(13).putInt(side).putInt(side);
      header.put((byte) 8).put((byte) colourType);
      png.chunk("IHDR", header.array(), 13);
      if (colourType == 3) {
        byte[] palette = new byte[768];
        for (int i = 0; i < palette.length; i++) {
          palette[i] = (byte) (255 - i / 3);
        }
        png.chunk("PLTE", palette, palette.length);
      }
      Deflater fast = new Deflater(Deflater.BEST_SPEED);
      try (OutputStream pixels = new DeflaterOutputStream(png, fast, 1 << 16)) {
        byte[] row = new byte[1 + side * bands];
        for (int y = 0; y < side; y++) {
          fill(row, 1, 0, y, side, bands);
          pixels.write(row);
        }
      }
    }
    return file;
  }

  private static void requireSamples(Path file, int side, int channels, boolean inverted) {
    try (Picture picture = PictureFiles.read(file, 0)) {
      assertEquals(side, picture.width());
      assertEquals(side, picture.height());
      assertEquals(channels, picture.channels());
      float[] row = new float[side];
      for (int y = 0; y < side; y += 997) {
        for (int channel = 0; channel < channels; channel++) {
          picture.read(channel, 0, y, side, 1, row, 0);
          for (int x = 0; x < side; x++) {
            int value = value(x, y, channel);
            assertEquals(inverted ? 255 - value : value, row[x]);
          }
        }
      }
    }
  }

  @Test
  void palettePng() throws IOException {
    requireSamples(png(27_000, 3, 1), 27_000, 1, true);
  }

  @Test
  void rgbPng() throws IOException {
    requireSamples(png(20_000, 2, 3), 20_000, 3, false);
  }

  @Test
  void tiledTiff() throws IOException {
    int side = 20_000;
    int tile = 512;
    int across = (side + tile - 1) / tile;
    int tiles = across * across;
    Path file = folder.resolve("large.tif");
    int pixels = 8 + 2 + 12 * 12 + 4 + 8 + 2 * 4 * tiles;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      out.write(tiffHeader(side, tile, tiles, pixels));
      byte[] bytes = new byte[tile * tile * 3];
      for (int i = 0; i < tiles; i++) {
        for (int y = 0; y < tile; y++) {
          fill(bytes, y * tile * 3, i % across * tile, i / across * tile + y, tile, 3);
        }
        out.write(bytes);
      }
    }
    requireSamples(file, side, 3, false);
  }

  private static byte[] tiffHeader(int side, int tile, int tiles, int pixels) {
    ByteBuffer tiff = ByteBuffer.allocate(pixels).order(ByteOrder.LITTLE_ENDIAN);
    tiff.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(8).putShort((short) 10);
    int behind = 8 + 2 + 10 * 12 + 4;
    int[][] entries = {
      {256, 4, 1, side},
      {257, 4, 1, side},
      {258, 3, 3, behind},
      {259, 3, 1, 1},
      {262, 3, 1, 2},
      {277, 3, 1, 3},
      {322, 4, 1, tile},
      {323, 4, 1, tile},
      {324, 4, tiles, behind + 8},
      {325, 4, tiles, behind + 8 + 4 * tiles},
    };
    for (int[] entry : entries) {
      tiff.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]).putInt(entry[3]);
    }
    tiff.putInt(0).putShort((short) 8).putShort((short) 8).putShort((short) 8).putShort((short) 0);
    int bytes = tile * tile * 3;
    for (int i = 0; i < tiles; i++) {
      tiff.putInt(pixels + i * bytes);
    }
    for (int i = 0; i < tiles; i++) {
      tiff.putInt(bytes);
    }
    return tiff.array();
  }

  @Test
  void greyPngIsWrittenAndRead() {
    Path file = folder.resolve("written.png");
    int side = 27_000;
    PictureWriter.writeGrey(
        file,
        side,
        side,
        (y, row) -> {
          for (int x = 0; x < side; x++) {
            row[x] = value(x, y, 0);
          }
        });
    requireSamples(file, side, 1, false);
  }
}
