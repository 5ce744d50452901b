package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.factory.Nd4j;

/** The IoU by a step function, a product and sums of floats. */
final class Nd4jCounts implements Side {
  private final INDArray logits;
  private final INDArray target;
  private final INDArray predicted;
  private double value;

  Nd4jCounts(Workload work) {
    logits = Nd4jSums.rows(work.values(1));
    target = Nd4jSums.rows(work.floatLabels());
    predicted = logits.ulike();
  }

  @Override
  public void run() {
    Nd4j.getExecutioner().exec(new Step(logits, predicted, 0));
    double both = Nd4jSums.dot(predicted, target);
    double all = Nd4jSums.sum(predicted) + Nd4jSums.sum(target);
    value = both / (all - both);
  }

  @Override
  public double[] results() {
    run();
    return new double[] {value, 0};
  }
}
