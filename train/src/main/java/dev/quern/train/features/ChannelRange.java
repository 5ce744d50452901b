package dev.quern.train.features;

/**
 * What values of a channel are taken for 0 and for 1. Files of 8 bits and fewer span their depth
 * well and are taken as they are; 12-bit data in 16-bit files and floating-point data do not, so
 * the range of the training images is stretched to [0, 1].
 *
 * @param low becomes 0
 * @param high becomes 1
 */
public record ChannelRange(float low, float high) {

  /** Changes nothing. */
  public static final ChannelRange UNIT = new ChannelRange(0, 1);

  /** Scales values in place. */
  void apply(float[] values) {
    if (low == 0 && high == 1) {
      return;
    }
    double width = high > low ? (double) high - low : 1;
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((values[i] - low) / width);
    }
  }

  /**
   * Scales one value.
   *
   * @param value of the channel
   * @return 0 for low, 1 for high
   */
  float apply(float value) {
    if (low == 0 && high == 1) {
      return value;
    }
    return (float) ((value - low) / (high > low ? (double) high - low : 1));
  }
}
