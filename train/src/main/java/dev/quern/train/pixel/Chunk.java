package dev.quern.train.pixel;

import dev.quern.train.data.Sample;

/**
 * Some pixels of one image, ready for the model.
 *
 * @param image index of the image in its data set
 * @param sample the image and its mask
 * @param features rows of features
 * @param target 0 or 1 per row
 */
@SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
record Chunk(int image, Sample sample, float[] features, byte[] target) {

  int rows() {
    return target.length;
  }
}
