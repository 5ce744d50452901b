package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastAddOp;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastSubOp;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;

/** Dice over a softmax, targets one-hot. */
final class Nd4jClassDice implements Side {
  private static final double EPS = 1e-7;

  private final int classes;
  private final INDArray logits;
  private final INDArray target;
  private final INDArray probabilities;
  private final INDArray scratch;
  private final INDArray gradient;
  private double value;

  Nd4jClassDice(Workload work) {
    classes = work.parts();
    int pixels = work.elements() / classes / Workload.IMAGES;
    long[] shape = {Workload.IMAGES, classes, pixels};
    logits = Nd4j.createFromArray(work.values(1)).reshape(shape);
    target = Nd4j.createFromArray(work.oneHotLabels()).reshape(shape);
    probabilities = Nd4j.createUninitialized(shape);
    scratch = Nd4j.createUninitialized(shape);
    gradient = Nd4j.createUninitialized(shape);
  }

  @Override
  public void run() {
    Nd4j.exec(new SoftMax(logits, probabilities, 1));
    probabilities.muli(target, scratch);
    INDArray both = scratch.sum(0, 2);
    INDArray all = probabilities.sum(0, 2).addi(target.sum(0, 2));
    float[] ofTarget = new float[classes];
    float[] constant = new float[classes];
    value = 0;
    for (int c = 0; c < classes; c++) {
      double sum = Math.max(all.getDouble(c), EPS);
      value += (1 - 2 * both.getDouble(c) / sum) / classes;
      ofTarget[c] = (float) (-2 / sum / classes);
      constant[c] = (float) (2 * both.getDouble(c) / (sum * sum) / classes);
    }
    Nd4j.exec(new BroadcastMulOp(target, Nd4j.createFromArray(ofTarget), gradient, 1));
    Nd4j.exec(new BroadcastAddOp(gradient, Nd4j.createFromArray(constant), gradient, 1));
    gradient.muli(probabilities, scratch);
    Nd4j.exec(new BroadcastSubOp(gradient, scratch.sum(1), gradient, 0, 2));
    gradient.muli(probabilities);
  }

  @Override
  public double[] results() {
    run();
    return new double[] {value, Side.norm(gradient.data().asFloat())};
  }
}
