package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.factory.Nd4j;

/** The IoU by a step function, a product and sums of floats. */
final class Nd4jCounts implements Side {
  private final INDArray logits;
  private final INDArray target;
  private final INDArray predicted;
  private double value;

  Nd4jCounts(Workload work) {
    logits = Nd4j.createFromArray(work.values(1));
    target = Nd4j.createFromArray(work.floatLabels());
    predicted = logits.ulike();
  }

  @Override
  public void run() {
    Nd4j.getExecutioner().exec(new Step(logits, predicted, 0));
    double both = Nd4j.getExecutioner().exec(new Dot(predicted, target)).getDouble(0);
    double all = predicted.sumNumber().doubleValue() + target.sumNumber().doubleValue();
    value = both / (all - both);
  }

  @Override
  public double[] results() {
    run();
    return new double[] {value, 0};
  }
}
