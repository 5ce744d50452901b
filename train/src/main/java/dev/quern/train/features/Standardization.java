package dev.quern.train.features;

/**
 * Mean and deviation of every feature over the training set; {@link #apply} gives each feature mean
 * 0 and deviation 1 there. It belongs to the model and is saved with it.
 *
 * @param mean one value per feature
 * @param std one value per feature, above 0
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of two model tensors; never compared
public record Standardization(float[] mean, float[] std) {

  /** A feature that hardly varies is left at its scale instead of blowing up its noise. */
  private static final double SMALLEST = 1e-6;

  /** Sums of rows of features, in f64, so far. */
  public static final class Sums {

    private final double[] sum;
    private final double[] squares;
    private long rows;

    /**
     * No rows yet.
     *
     * @param features length of a row
     */
    public Sums(int features) {
      this.sum = new double[features];
      this.squares = new double[features];
    }

    /**
     * Adds rows in their order.
     *
     * @param features whole rows
     */
    public void add(float[] features) {
      int size = sum.length;
      for (int i = 0; i < features.length; i++) {
        double value = features[i];
        sum[i % size] += value;
        squares[i % size] += value * value;
      }
      rows += features.length / size;
    }

    /**
     * Adds another's sums, as after its rows.
     *
     * @param other of the same row length
     */
    public void add(Sums other) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += other.sum[i];
        squares[i] += other.squares[i];
      }
      rows += other.rows;
    }

    /**
     * What the rows so far say.
     *
     * @return mean and deviation per feature
     */
    public Standardization result() {
      float[] mean = new float[sum.length];
      float[] std = new float[sum.length];
      for (int i = 0; i < sum.length; i++) {
        double m = sum[i] / rows;
        double deviation = Math.sqrt(Math.max(0, squares[i] / rows - m * m));
        mean[i] = (float) m;
        std[i] = deviation < SMALLEST ? 1 : (float) deviation;
      }
      return new Standardization(mean, std);
    }
  }

  /**
   * Standardises rows in place.
   *
   * @param features whole rows of {@code mean().length} values
   */
  public void apply(float[] features) {
    int size = mean.length;
    for (int i = 0; i < features.length; i++) {
      features[i] = (features[i] - mean[i % size]) / std[i % size];
    }
  }
}
