package dev.quern.simd.loss;

import dev.quern.simd.work.Chunks;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;

/**
 * How a batch is cut into pieces: up to {@link Chunks#SIZE} elements of one class of one image, or
 * as many pixels with all their classes. The cut depends on the extent only.
 */
final class LossPieces {
  /** Images, after those of a single class that share their scores have been joined. */
  private final long images;

  private final long pixels;
  private final int classes;
  private final boolean elements;
  private final boolean perImage;

  LossPieces(FusedLossSpec spec, LossExtent extent) {
    this.elements = spec.layout() == Layout.ELEMENTS;
    this.classes = spec.classes();
    this.perImage = spec.perImage();
    boolean joined = elements && classes == 1 && !perImage;
    this.images = joined ? 1 : extent.images();
    this.pixels = joined ? extent.elements() : extent.pixels();
  }

  /** Elements from one class of an image to the next. */
  long pixels() {
    return pixels;
  }

  /** How many classes a piece has. */
  int width() {
    return elements ? 1 : classes;
  }

  /** How many images have sums of their own. */
  int segmentImages() {
    return perImage ? Math.toIntExact(images) : 1;
  }

  int segments() {
    return Math.multiplyExact(segmentImages(), classes);
  }

  long count() {
    return images * (elements ? classes : 1) * Chunks.count(pixels);
  }

  /** A plane of the piece: an image's class (elements), or an image. */
  private long plane(long piece) {
    return piece / Chunks.count(pixels);
  }

  private long offset(long piece) {
    return Chunks.start(piece % Chunks.count(pixels));
  }

  int length(long piece) {
    return Chunks.length(piece % Chunks.count(pixels), pixels);
  }

  int firstClass(long piece) {
    return elements ? (int) (plane(piece) % classes) : 0;
  }

  /** The segment of the first class. */
  int segment(long piece) {
    long image = elements ? plane(piece) / classes : plane(piece);
    return (perImage ? (int) image : 0) * classes + firstClass(piece);
  }

  /** Index of the first input, of class 0 for pixels. */
  long inputAt(long piece) {
    return plane(piece) * width() * pixels + offset(piece);
  }

  /** Index of the first target. */
  long targetAt(long piece, boolean labels) {
    return labels ? plane(piece) * pixels + offset(piece) : inputAt(piece);
  }
}
