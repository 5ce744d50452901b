package dev.quern.bench.peers.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.factory.Nd4j;

/** Sums in two steps: ND4J adds in f32, and over 8 M elements at once that is off by a percent. */
final class Nd4jSums {
  private static final int WIDTH = 1024;

  private Nd4jSums() {}

  /** Rows of 1024, or one row of what does not divide so. */
  static INDArray rows(float[] values) {
    int width = values.length % WIDTH == 0 ? WIDTH : values.length;
    return Nd4j.createFromArray(values).reshape(-1, width);
  }

  static double sum(INDArray x) {
    return x.sum(1).sumNumber().doubleValue();
  }

  static double dot(INDArray x, INDArray y) {
    return Nd4j.getExecutioner().exec(new Dot(x, y, 1)).sumNumber().doubleValue();
  }
}
