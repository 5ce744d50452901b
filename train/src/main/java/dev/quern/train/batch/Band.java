package dev.quern.train.batch;

/**
 * Predictions of whole rows of an image.
 *
 * @param y the first row
 * @param rows how many
 * @param logits of all their pixels, row by row
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once; never compared
public record Band(int y, int rows, float[] logits) {}
