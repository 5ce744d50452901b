package dev.quern.gpu.loss;

import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.Span;

/**
 * Where the lists of one call lie in scratch memory: {@link LovaszLayout}, and behind it what the
 * platform's sort needs if lists have several chunks. The unsorted half takes the losses of the
 * sorted chunks.
 *
 * @param layout how the lists are laid out
 * @param scratch U8
 */
public record LovaszScratch(LovaszLayout layout, Span scratch) {
  /**
   * Counts the chunks of all lists.
   *
   * @return the number of chunks
   */
  public long chunks() {
    return layout.count() * layout.chunks();
  }

  /**
   * Sets the lists' records.
   *
   * @param kernel the kernel
   * @return the kernel
   */
  public Launch records(Launch kernel) {
    return kernel.scratch(scratch, 0, LovaszLayout.RECORD_BYTES);
  }

  /**
   * Sets the keys of a half.
   *
   * @param kernel the kernel
   * @param half 0 is the one that the errors are in, and after an even number of passes the sorted
   * @return the kernel
   */
  public Launch keys(Launch kernel, int half) {
    return kernel.scratch(scratch, layout.part(2 * half), Integer.BYTES);
  }

  /**
   * Sets the keys and payloads of a half.
   *
   * @param kernel the kernel
   * @param half as for {@link #keys}
   * @return the kernel
   */
  public Launch pairs(Launch kernel, int half) {
    return keys(kernel, half).scratch(scratch, layout.part(2 * half + 1), Integer.BYTES);
  }

  /**
   * Sets the losses of the sorted chunks.
   *
   * @param kernel the kernel
   * @return the kernel
   */
  public Launch losses(Launch kernel) {
    return kernel.scratch(scratch, layout.part(2), Double.BYTES);
  }

  /**
   * Sets 32-bit words of the sort's own; null if lists have one chunk.
   *
   * @param kernel the kernel
   * @param firstByte where they lie, at {@link LovaszLayout#end} or behind it
   * @return the kernel
   */
  public Launch words(Launch kernel, long firstByte) {
    return layout.chunks() > 1
        ? kernel.scratch(scratch, firstByte, Integer.BYTES)
        : kernel.tensorOrNull(null);
  }
}
