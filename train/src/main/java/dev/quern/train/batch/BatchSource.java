package dev.quern.train.batch;

import java.util.Iterator;

/**
 * The batches of a training. Their order, and everything drawn for them, depends on the run's seed
 * and the epoch alone.
 */
public interface BatchSource {

  /**
   * How many batches an epoch has.
   *
   * @return at least 1
   */
  int batches();

  /**
   * The batches of an epoch, prepared ahead.
   *
   * @param epoch counts from 1
   * @param done batches at its beginning that are left out
   * @return the others, as many as {@link #batches} says in all
   */
  Iterator<Batch> epoch(int epoch, int done);
}
