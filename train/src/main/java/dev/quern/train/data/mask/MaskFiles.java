package dev.quern.train.data.mask;

import dev.quern.train.image.Picture;
import dev.quern.train.image.PictureFiles;
import dev.quern.train.message.BadInputException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads the files of a mask by a rule; of several files, what is object in any is the object. */
public final class MaskFiles {

  private static final int PIXELS_AT_ONCE = 1 << 17;

  private final MaskRule rule;
  private final Map<Integer, Long> counts = new HashMap<>();
  private int lastValue;
  private long lastCount;
  private MaskFacts.Kind kind = MaskFacts.Kind.GREY;
  private boolean lossy;
  private float alphaLow = Float.POSITIVE_INFINITY;
  private float alphaHigh = Float.NEGATIVE_INFINITY;
  private float largest;
  private byte[] mask = new byte[0];
  private int width;
  private int height;

  private MaskFiles(MaskRule rule) {
    this.rule = rule;
  }

  /** A mask and what was seen in its files. */
  public record Read(Mask mask, MaskFacts facts) {}

  /**
   * Reads a mask.
   *
   * @param files at least one, all of the same size
   * @param page of each file
   * @param rule says what is the object
   * @param warnings gets what the reader tolerated
   * @throws BadInputException when a file cannot be used
   */
  public static Read read(List<Path> files, int page, MaskRule rule, List<String> warnings) {
    MaskFiles reading = new MaskFiles(rule);
    for (Path file : files) {
      try (Picture picture = PictureFiles.read(file, page)) {
        warnings.addAll(picture.warnings());
        reading.add(file, files.getFirst(), picture);
      }
    }
    return reading.result();
  }

  private void add(Path file, Path first, Picture picture) {
    if (mask.length == 0) {
      width = picture.width();
      height = picture.height();
      mask = new byte[Math.multiplyExact(width, height)];
    } else if (picture.width() != width || picture.height() != height) {
      throw new BadInputException(
          "The mask %s is %d x %d but %s of the same image is %d x %d; make them the same size."
              .formatted(
                  file, picture.width(), picture.height(), first.getFileName(), width, height));
    }
    lossy |= picture.lossy();
    largest = Math.max(largest, picture.type().largest());
    requireWhatTheRuleLooksAt(file, picture);
    int rows = Math.clamp(PIXELS_AT_ONCE / width, 1, height);
    for (int y = 0; y < height; y += rows) {
      band(picture, y, Math.min(rows, height - y));
    }
  }

  private void requireWhatTheRuleLooksAt(Path file, Picture picture) {
    if (rule.kind() == MaskRule.Kind.ALPHA && !picture.alpha()) {
      throw new BadInputException(
          "The mask %s has no alpha channel, which --mask-rule alpha looks at; give another rule."
              .formatted(file));
    }
    if (picture.channels() != 1 && picture.channels() != 3) {
      throw new BadInputException(
          "The mask %s has %d channels; a mask is grey, RGB or of a palette."
              .formatted(file, picture.channels()));
    }
  }

  private void band(Picture picture, int y, int rows) {
    int count = rows * width;
    int channels = picture.channels();
    float[][] colour = new float[channels][count];
    for (int c = 0; c < channels; c++) {
      picture.read(c, 0, y, width, rows, colour[c], 0);
    }
    int[] indices = new int[0];
    if (picture.palette()) {
      indices = new int[count];
      picture.readIndices(0, y, width, rows, indices, 0);
      kind = MaskFacts.Kind.INDEX;
    } else if (channels == 3) {
      kind = MaskFacts.Kind.COLOUR;
    }
    float[] alpha = new float[0];
    if (picture.alpha()) {
      alpha = new float[count];
      picture.read(channels, 0, y, width, rows, alpha, 0);
    }
    float most = picture.type().largest();
    // the palette's colours have 8 bits, whatever the indices have
    float top = picture.palette() ? 255 : most;
    for (int i = 0; i < count; i++) {
      float grey = colour[0][i];
      int packed = Math.round(grey);
      if (channels == 3) {
        float sum = colour[0][i] + colour[1][i] + colour[2][i];
        packed =
            level(colour[0][i], top) << 16
                | level(colour[1][i], top) << 8
                | level(colour[2][i], top);
        grey = sum / 3;
      }
      boolean equal =
          channels == 1 || (colour[0][i] == colour[1][i] && colour[0][i] == colour[2][i]);
      // what a person calls the pixel's value: index, or grey value where it is grey
      int value =
          indices.length > 0 ? indices[i] : equal ? Math.round(colour[0][i]) : Integer.MIN_VALUE;
      count(indices.length > 0 ? indices[i] : packed);
      float opacity = 1;
      if (alpha.length > 0) {
        opacity = alpha[i] / top;
        alphaLow = Math.min(alphaLow, opacity);
        alphaHigh = Math.max(alphaHigh, opacity);
      }
      int at = y * width + i;
      if (rule.ignored() != null && value == rule.ignored()) {
        mask[at] = mask[at] == 1 ? 1 : Mask.VOID;
        continue;
      }
      boolean object =
          switch (rule.kind()) {
            case AUTO -> picture.lossy() ? grey > top / 2 : notBlack(colour, i);
            case NOT_BLACK -> notBlack(colour, i);
            case ABOVE -> grey > rule.above();
            case ALPHA -> opacity >= 0.5f;
            case VALUES -> rule.values().contains(value);
            case COLOURS ->
                rule.values().contains(channels == 3 ? packed : 0x010101 * level(grey, top));
          };
      if (object) {
        mask[at] = 1;
      }
    }
  }

  private static int level(float value, float top) {
    return top == 255 ? (int) value : Math.round(value / top * 255);
  }

  private static boolean notBlack(float[][] colour, int i) {
    for (float[] channel : colour) {
      if (channel[i] > 0) {
        return true;
      }
    }
    return false;
  }

  /** Masks are runs of the same value, so the map is asked once a run. */
  private void count(int value) {
    if (value != lastValue) {
      flush();
      lastValue = value;
    }
    lastCount++;
  }

  private void flush() {
    if (lastCount > 0 && (counts.size() < MaskFacts.MOST_VALUES || counts.containsKey(lastValue))) {
      counts.merge(lastValue, lastCount, Long::sum);
    }
    lastCount = 0;
  }

  private Read result() {
    flush();
    long object = 0;
    long ignored = 0;
    for (byte value : mask) {
      object += value == 1 ? 1 : 0;
      ignored += value == Mask.VOID ? 1 : 0;
    }
    boolean opacityVaries = alphaHigh > alphaLow;
    MaskFacts facts =
        new MaskFacts(
            new TreeMap<>(counts),
            kind,
            lossy,
            opacityVaries,
            largest,
            object,
            ignored,
            mask.length);
    return new Read(new Mask(height, width, mask), facts);
  }
}
