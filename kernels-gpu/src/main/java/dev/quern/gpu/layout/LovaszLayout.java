package dev.quern.gpu.layout;

import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;

/**
 * How a GPU backend lays out the lists of a Lovasz loss, and the scratch memory it sorts them in.
 * Lists lie one behind the other; each is cut into chunks of its own. In scratch memory, at bytes
 * that are multiples of 64: a record per list, keys and payloads twice, and, if lists have several
 * chunks, what the backend's sort needs to place them.
 *
 * @param count the number of lists
 * @param length the elements of each, ignored ones included
 * @param chunks the chunks of each
 * @param listClasses how many classes of an image have lists
 * @param classes the channels of a pixel: 1 for the hinge, whose lists take all channels as pixels
 * @param pixels the elements of a list that belong to one image
 */
public record LovaszLayout(
    long count, long length, long chunks, int listClasses, int classes, long pixels) {

  /** The elements that a group of work-items or a block of threads sorts. */
  public static final int CHUNK = 4096;

  /** The values of a digit of the sort, 8 bits. */
  public static final int DIGITS = 256;

  /** The size of a list's record, {@code QuernLovaszList} of {@code lovasz.inc}. */
  public static final int RECORD_BYTES = 32;

  /**
   * Lays out the lists of a batch.
   *
   * @param spec the loss
   * @param extent the batch
   * @return the layout
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  public static LovaszLayout of(LovaszSpec spec, LossExtent extent) {
    long length = spec.listLength(extent);
    boolean hinge = spec.kind() == LovaszSpec.Kind.HINGE;
    int listClasses =
        hinge
            ? 1
            : spec.classes() == LovaszSpec.Classes.LISTED ? spec.listed().size() : extent.classes();
    return new LovaszLayout(
        spec.groups(extent) * listClasses,
        length,
        Math.ceilDiv(length, CHUNK),
        listClasses,
        hinge ? 1 : extent.classes(),
        hinge ? length : extent.pixels());
  }

  /**
   * Returns the number of elements of all lists.
   *
   * @return lists x length
   */
  public long elements() {
    return count * length;
  }

  /**
   * Returns where keys or payloads lie in scratch memory.
   *
   * @param part 0 and 1: keys and payloads that the first pass of the sort reads, and the result; 2
   *     and 3: those it writes
   * @return bytes
   */
  public long part(int part) {
    return align(count * RECORD_BYTES) + part * align(elements() * Integer.BYTES);
  }

  /**
   * Returns where the last part ends, and what else a backend's sort needs may begin.
   *
   * @return bytes
   */
  public long end() {
    return part(4);
  }

  /**
   * Returns the code of what the errors are computed from in {@code lovasz.inc}.
   *
   * @param spec the loss
   * @return 0 hinge, 1 softmax of logits, 2 probabilities
   */
  public static int kindCode(LovaszSpec spec) {
    if (spec.kind() == LovaszSpec.Kind.HINGE) {
      return 0;
    }
    return spec.input() == LossInput.LOGITS ? 1 : 2;
  }

  private static long align(long bytes) {
    return (bytes + 63) / 64 * 64;
  }
}
