package dev.quern.simd.lovasz;

import dev.quern.simd.work.Chunks;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;

/**
 * How a batch falls into groups (images, or the batch as one), a group into lists (classes), a list
 * into rows (images of the group) and a row into chunks. For the hinge a group is one row of one
 * class.
 */
final class LovaszGroups {
  /** The number of groups. */
  final long count;

  /** The lists of a group. */
  final int classes;

  /** The rows of a list. */
  final long rows;

  /** The pixels of a row. */
  final int pixels;

  /** The pixels of a list. */
  final int listLength;

  /** The chunks of a row. */
  final int rowChunks;

  LovaszGroups(LovaszSpec spec, LossExtent extent) {
    boolean hinge = spec.kind() == Kind.HINGE;
    count = spec.groups(extent);
    listLength = (int) spec.listLength(extent);
    classes = hinge ? 1 : extent.classes();
    rows = hinge || spec.perImage() ? 1 : extent.images();
    pixels = hinge ? listLength : (int) extent.pixels();
    rowChunks = (int) Chunks.count(pixels);
  }

  /** Returns how many chunks a list has. */
  int listChunks() {
    return (int) (rows * rowChunks);
  }

  /** Returns how many pixels of a list lie before a chunk, or all for the one behind the last. */
  int before(int chunk) {
    return (int) (chunk / rowChunks * (long) pixels + firstPixel(chunk));
  }

  /** Returns the first pixel of a chunk within its row. */
  int firstPixel(int chunk) {
    return chunk % rowChunks * Chunks.SIZE;
  }

  /** Returns the number of pixels of a chunk. */
  int chunkLength(int chunk) {
    return Math.min(Chunks.SIZE, pixels - firstPixel(chunk));
  }

  /** Returns where the labels of a group start. */
  long firstLabel(long group) {
    return group * listLength;
  }

  /** Returns where the pixels of a list are. */
  LovaszPlaces places(long group, int c) {
    long rowStride = (long) classes * pixels;
    long base = group * rows * rowStride + (long) c * pixels;
    return new LovaszPlaces(base, rowStride, pixels, rows * rowStride <= Integer.MAX_VALUE);
  }
}
