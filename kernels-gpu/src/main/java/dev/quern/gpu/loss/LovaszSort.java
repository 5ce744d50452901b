package dev.quern.gpu.loss;

import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.LovaszLayout;

/**
 * A platform's sort of the lists of a Lovasz loss. Where a list has several chunks, blocks of CUDA
 * may wait for each other while they run; groups of OpenCL may not, so that counts pass through
 * further kernels.
 */
public interface LovaszSort {
  /** Compiles or loads the kernels of the sort; from any thread. */
  void build();

  /**
   * Returns how much scratch memory a batch needs.
   *
   * @param layout its lists
   * @return bytes, at least 1
   */
  long scratchBytes(LovaszLayout layout);

  /**
   * Tells how many words the sort wants to be 0 before it.
   *
   * @param layout the lists
   * @return the number of 32-bit words
   */
  long clearedWords(LovaszLayout layout);

  /**
   * Adds what else {@code lovasz_clear} is to empty.
   *
   * @param kernel has its other arguments
   * @param lists where they lie
   * @return the kernel
   */
  Launch clear(Launch kernel, LovaszScratch lists);

  /**
   * Counts the digits of the errors' keys, and what is kept and of the foreground of each list.
   *
   * @param lists where they lie
   */
  void count(LovaszScratch lists);

  /**
   * Sorts the pairs of half 0 into half 0, and prepares {@link #counts}.
   *
   * @param lists where they lie
   */
  void sort(LovaszScratch lists);

  /**
   * Sets the argument by which {@code lovasz_gradient} learns of the foreground before a chunk.
   *
   * @param kernel the kernel
   * @param lists where they lie
   * @return the kernel
   */
  Launch counts(Launch kernel, LovaszScratch lists);
}
