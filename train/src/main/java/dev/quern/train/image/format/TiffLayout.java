package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.SampleType;
import dev.quern.train.image.sample.TiffDirectory;
import dev.quern.train.image.sample.UnreadException;
import dev.quern.train.image.sample.Warnings;
import java.io.IOException;
import java.util.Arrays;

/** How the samples of one TIFF page lie in the file: its tags, checked against each other. */
final class TiffLayout {

  static final int NONE = 1;
  static final int FAX_RUNS = 2;
  static final int FAX_3 = 3;
  static final int FAX_4 = 4;
  static final int LZW = 5;
  static final int JPEG = 7;
  static final int DEFLATE = 8;
  static final int OLD_DEFLATE = 32946;
  static final int PACK_BITS = 32773;

  static final int WHITE_IS_ZERO = 0;
  static final int BLACK_IS_ZERO = 1;
  static final int RGB = 2;
  static final int PALETTE = 3;
  static final int MASK = 4;
  static final int CMYK = 5;
  static final int YCBCR = 6;
  static final int LINEAR_RAW = 34892;

  private static final int MOST_SAMPLES = 16;

  final TiffDirectory directory;
  final int width;
  final int height;
  final int samples;
  final int bits;
  final SampleType type;
  final int photometric;
  final int compression;
  final int predictor;
  final boolean planar;
  final boolean bitsReversed;
  final boolean tiled;
  final int tileWidth;
  final int tileHeight;

  /** The sample that holds alpha, or -1. */
  final int alpha;

  TiffLayout(TiffDirectory directory, Warnings warnings) throws IOException {
    this.directory = directory;
    width = positive(256, "width");
    height = positive(257, "height");
    samples = (int) directory.value(277, 1);
    long[] depths = directory.values(258);
    bits = depths.length == 0 ? 1 : (int) depths[0];
    long[] formats = directory.values(339);
    compression = (int) directory.value(259, NONE);
    photometric = (int) directory.value(262, samples >= 3 ? RGB : BLACK_IS_ZERO);
    predictor = (int) directory.value(317, 1);
    planar = directory.value(284, 1) == 2 && samples > 1;
    bitsReversed = directory.value(266, 1) == 2;
    tiled = directory.has(324);
    tileWidth = tiled ? positive(322, "tile width") : width;
    tileHeight =
        tiled
            ? positive(323, "tile height")
            : (int) Math.min(height, Math.max(1, directory.value(278, height)));
    if (samples < 1 || samples > MOST_SAMPLES) {
      throw new UnreadException(
          "has %d samples per pixel, and 1 to %d are read; save fewer channels"
              .formatted(samples, MOST_SAMPLES));
    }
    if (Arrays.stream(depths).anyMatch(d -> d != bits)
        || Arrays.stream(formats).anyMatch(f -> f != formats[0])) {
      throw new UnreadException(
          "is a TIFF file whose channels differ in depth, which is not read; convert it to one"
              + " depth");
    }
    type = type(formats.length == 0 ? 1 : (int) formats[0]);
    requireCompression();
    alpha = alpha(warnings);
    requireColours();
  }

  private int positive(int tag, String what) throws DamagedException {
    long value = directory.value(tag, 0);
    if (value <= 0 || value > Integer.MAX_VALUE) {
      throw new DamagedException("the TIFF header has no valid " + what);
    }
    return (int) value;
  }

  private SampleType type(int format) throws UnreadException {
    boolean known =
        switch (format) {
          case 1, 4 -> (bits >= 1 && bits <= 16) || bits == 24 || bits == 32;
          case 2 -> bits == 8 || bits == 16 || bits == 32;
          case 3 -> bits == 16 || bits == 32 || bits == 64;
          default -> false;
        };
    if (!known) {
      throw new UnreadException(
          "is a TIFF file of %d-bit samples of format %d, which is not read; convert it to 8, 16 or"
                  .formatted(bits, format)
              + " 32 bits");
    }
    return format == 3 ? SampleType.FLOAT : new SampleType(bits, false, format == 2);
  }

  private void requireCompression() throws UnreadException {
    boolean known =
        switch (compression) {
          case NONE, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS -> true;
          case JPEG -> bits == 8 && type.equals(SampleType.BYTE);
          case FAX_RUNS, FAX_3, FAX_4 -> bits == 1 && samples == 1;
          default -> false;
        };
    if (!known) {
      throw new UnreadException(
          "is a TIFF file with compression %d of %d bits, which is not read; save it with LZW or"
                  .formatted(compression, bits)
              + " deflate compression");
    }
    boolean predictable =
        switch (predictorInUse()) {
          case 1 -> true;
          case 2 -> bits == 8 || bits == 16 || bits == 32;
          case 3 -> type.floatingPoint();
          default -> false;
        };
    if (!predictable) {
      throw new UnreadException(
          "is a TIFF file with predictor %d for %d bits, which is not read; save it without"
                  .formatted(predictor, bits)
              + " predictor");
    }
  }

  private int alpha(Warnings warnings) throws DamagedException {
    long[] extra = directory.values(338);
    int first = samples - extra.length;
    for (int i = 0; i < extra.length; i++) {
      if ((extra[i] == 1 || extra[i] == 2) && first + i > 0) {
        return first + i;
      }
    }
    if (extra.length == 0 && photometric == RGB && samples == 4) {
      warnings.add("its fourth channel is taken for alpha, which its header does not say");
      return 3;
    }
    return -1;
  }

  private void requireColours() throws UnreadException {
    int colours = samples - (alpha < 0 ? 0 : 1);
    boolean known =
        switch (photometric) {
          case WHITE_IS_ZERO, BLACK_IS_ZERO, MASK, LINEAR_RAW -> colours >= 1;
          case RGB -> colours >= 3;
          case PALETTE -> colours == 1 && bits <= 16 && !type.floatingPoint() && directory.has(320);
          case CMYK -> colours == 4 && type.equals(SampleType.BYTE) && alpha < 0;
          case YCBCR -> compression == JPEG && samples == 3;
          default -> false;
        };
    if (!known) {
      throw new UnreadException(
          "is a TIFF file of colours of kind %d with %d samples, which is not read; convert it to"
                  .formatted(photometric, samples)
              + " grey or RGB");
    }
  }

  /** Only these compressions know predictors; elsewhere the tag means nothing. */
  int predictorInUse() {
    return switch (compression) {
      case LZW, DEFLATE, OLD_DEFLATE -> predictor;
      default -> 1;
    };
  }

  int samplesInSegment() {
    return planar ? 1 : samples;
  }

  long rowBytes() {
    return ((long) tileWidth * samplesInSegment() * bits + 7) / 8;
  }

  int across() {
    return (int) (((long) width + tileWidth - 1) / tileWidth);
  }

  int down() {
    return (int) (((long) height + tileHeight - 1) / tileHeight);
  }

  /** Channels of the picture, without alpha. */
  int channels() {
    return photometric == CMYK ? 3 : samples - (alpha < 0 ? 0 : 1);
  }
}
