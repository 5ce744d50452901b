package dev.quern.train.data;

import java.util.random.RandomGenerator;

/** The order in which an epoch visits the samples. */
public final class Shuffle {

  private Shuffle() {}

  /**
   * A permutation that depends on the seed and the epoch alone, so that a resumed run goes on in
   * the same order.
   *
   * @param size number of samples
   * @param seed of the run
   * @param epoch counts from 0
   * @return every index from 0 to {@code size - 1} once
   */
  public static int[] order(int size, long seed, long epoch) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    RandomGenerator random = Seeds.generator(seed, Seeds.SHUFFLE, epoch);
    for (int i = size - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    return order;
  }
}
