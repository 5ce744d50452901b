package dev.quern.train.data.mask;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Masks as grey PNG of 0 and 255, for tests. */
public final class MaskPng {

  private MaskPng() {}

  public static void write(Path file, Mask mask) {
    BufferedImage picture =
        new BufferedImage(mask.width(), mask.height(), BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < mask.values().length; i++) {
      picture
          .getRaster()
          .setSample(i % mask.width(), i / mask.width(), 0, mask.values()[i] == 0 ? 0 : 255);
    }
    save(picture, "png", file);
  }

  public static Mask read(Path file) {
    return MaskFiles.read(List.of(file), 0, MaskRule.AUTO, new ArrayList<>()).mask();
  }

  public static void save(BufferedImage picture, String format, Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (!ImageIO.write(picture, format, file.toFile())) {
        throw new IllegalStateException("No writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
