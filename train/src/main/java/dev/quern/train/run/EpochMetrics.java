package dev.quern.train.run;

/**
 * What one epoch of training gave.
 *
 * @param epoch counts from 1
 * @param learningRate used in this epoch
 * @param trainLoss mean of the batches' losses, each before its step
 * @param trainIou over the pixels the epoch trained on, each before its step
 * @param valLoss mean over the validation images
 * @param valIou one ratio over all pixels of the validation set, at probability 0.5
 * @param seconds that the epoch took, validation included
 */
public record EpochMetrics(
    int epoch,
    double learningRate,
    double trainLoss,
    double trainIou,
    double valLoss,
    double valIou,
    double seconds) {}
