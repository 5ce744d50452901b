package dev.quern.train.image;

import dev.quern.train.message.BadInputException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** What {@code train/fuzz picture} runs: any bytes are a picture or one sentence. */
public final class PictureFuzz {

  private static final int MOST_PAGES = 3;

  private PictureFuzz() {}

  /**
   * Decodes the bytes; any exception but the sentence for the user is a finding.
   *
   * @param bytes what the fuzzer made up
   */
  public static void fuzzerTestOneInput(byte[] bytes) {
    for (int page = 0; page < MOST_PAGES; page++) {
      try (Picture picture =
          PictureFiles.read(Path.of("fuzzed"), MemorySegment.ofArray(bytes), page)) {
        int width = Math.min(picture.width(), 1 << 16);
        float[] row = new float[width];
        int planes = picture.channels() + (picture.alpha() ? 1 : 0);
        for (int plane = 0; plane < planes; plane++) {
          picture.read(plane, 0, 0, width, 1, row, 0);
          picture.read(plane, picture.width() - width, picture.height() - 1, width, 1, row, 0);
        }
      } catch (BadInputException e) {
        String message = String.valueOf(e.getMessage());
        if (!message.endsWith(".") || message.contains("\n")) {
          throw new AssertionError("no sentence: " + message, e);
        }
        if (e.getCause() instanceof OutOfMemoryError) {
          throw new AssertionError("a library took more than the header justifies", e);
        }
        return;
      }
    }
  }
}
