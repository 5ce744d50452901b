package dev.quern.train.image.sample;

import java.awt.image.WritableRaster;
import java.io.IOException;

/** Four inks as three lights: r = (255 - c) (255 - k) / 255, rounded; no profile is applied. */
public final class Cmyk {

  private static final int WHITE = 255;

  private Cmyk() {}

  public static WritableRaster toRgb(WritableRaster inks, Storage storage) throws IOException {
    int width = inks.getWidth();
    WritableRaster lights = storage.bytes(width, inks.getHeight(), 3);
    int[] black = new int[width];
    int[] row = new int[width];
    for (int y = 0; y < inks.getHeight(); y++) {
      inks.getSamples(0, y, width, 1, 3, black);
      for (int band = 0; band < 3; band++) {
        inks.getSamples(0, y, width, 1, band, row);
        for (int x = 0; x < width; x++) {
          row[x] = ((WHITE - row[x]) * (WHITE - black[x]) + WHITE / 2) / WHITE;
        }
        lights.setSamples(0, y, width, 1, band, row);
      }
    }
    return lights;
  }
}
