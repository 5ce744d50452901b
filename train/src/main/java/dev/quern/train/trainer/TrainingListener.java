package dev.quern.train.trainer;

import dev.quern.train.run.EpochMetrics;

/** Is told how a training goes on. */
public interface TrainingListener {

  /**
   * Training is about to begin.
   *
   * @param epochsBefore epochs a resumed run has done
   * @param epochs to be done in all
   * @param stepsPerEpoch steps of the optimizer in an epoch
   */
  void start(int epochsBefore, int epochs, int stepsPerEpoch);

  /**
   * A step of the optimizer was taken.
   *
   * @param epoch counts from 1
   * @param loss of the step before this one, NaN in the first
   */
  void step(int epoch, double loss);

  /**
   * An epoch is done and its files are written.
   *
   * @param metrics of the epoch
   */
  void epoch(EpochMetrics metrics);
}
