package dev.quern.cuda;

import dev.quern.cuda.host.Kernel;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.Span;

/**
 * Where the lists of one call lie in scratch memory: {@link LovaszLayout}, and, if lists have
 * several chunks, what a kernel's blocks tell each other while it runs (a ticket, and a word for
 * each digit of each chunk but the last of a list), the counts of each digit in each place of each
 * list, and the former once more for every second kernel. The unsorted half takes the losses of the
 * sorted chunks.
 */
final class CudaLovaszScratch {
  /** The digits of a key. */
  static final int PLACES = 4;

  /** What stands before the words of the chunks, the first of it the ticket. */
  static final long TICKET_WORDS = 16;

  private final LovaszLayout layout;
  private final Span scratch;

  CudaLovaszScratch(LovaszLayout layout, Span scratch) {
    this.layout = layout;
    this.scratch = scratch;
  }

  /** Returns how much scratch memory a batch needs. */
  static long bytes(LovaszLayout layout) {
    return Math.max(1, hasSeveralChunks(layout) ? lookBack(layout, 2) : layout.end());
  }

  LovaszLayout layout() {
    return layout;
  }

  /** Returns how many chunks all lists have. */
  long chunks() {
    return layout.count() * layout.chunks();
  }

  /** Returns how many words have to be 0 before the sort: all up to the second look-back's. */
  long cleared() {
    return hasSeveralChunks(layout)
        ? (lookBack(layout, 1) - lookBack(layout, 0)) / Integer.BYTES
        : 0;
  }

  Kernel records(Kernel kernel) {
    return kernel.scratch(scratch, 0);
  }

  /** The keys of a half: 0 is the one that the errors are in, and after four passes the sorted. */
  Kernel keys(Kernel kernel, int half) {
    return kernel.scratch(scratch, layout.part(2 * half));
  }

  Kernel pairs(Kernel kernel, int half) {
    return keys(kernel, half).scratch(scratch, layout.part(2 * half + 1));
  }

  Kernel losses(Kernel kernel) {
    return kernel.scratch(scratch, layout.part(2));
  }

  /** The ticket and the words of one kernel, 0 or 1 by turns; null if lists have one chunk. */
  Kernel lookBack(Kernel kernel, int turn) {
    return severalChunks(kernel, lookBack(layout, turn));
  }

  /** The counts of the digits; null if lists have one chunk. */
  Kernel digits(Kernel kernel) {
    return severalChunks(kernel, lookBack(layout, 0) + lookBackBytes(layout));
  }

  private Kernel severalChunks(Kernel kernel, long firstByte) {
    return hasSeveralChunks(layout)
        ? kernel.scratch(scratch, firstByte)
        : kernel.tensorOrNull(null);
  }

  private static boolean hasSeveralChunks(LovaszLayout layout) {
    return layout.chunks() > 1;
  }

  /** Where a look-back begins; 2 for where the last ends. The digits lie between the two. */
  private static long lookBack(LovaszLayout layout, int turn) {
    long digits = layout.count() * PLACES * LovaszLayout.DIGITS * Integer.BYTES;
    return layout.end() + turn * lookBackBytes(layout) + (turn == 0 ? 0 : digits);
  }

  private static long lookBackBytes(LovaszLayout layout) {
    long words = layout.count() * (layout.chunks() - 1) * LovaszLayout.DIGITS;
    return (TICKET_WORDS + words) * Integer.BYTES;
  }
}
