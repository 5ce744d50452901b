package dev.quern.train.pixel;

/**
 * Drawn pixels of one image, ready for the model.
 *
 * @param features rows of features
 * @param target 0, 1 or void per row
 */
@SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
record Chunk(float[] features, byte[] target) {

  int rows() {
    return target.length;
  }
}
