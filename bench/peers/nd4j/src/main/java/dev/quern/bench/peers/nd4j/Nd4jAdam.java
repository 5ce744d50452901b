package dev.quern.bench.peers.nd4j;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.api.ops.impl.updaters.AmsGradUpdater;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's update operation of each tensor, and its subtraction; its epsilon stands beside the
 * uncorrected root.
 */
final class Nd4jAdam implements Side {
  private static final double LR = 1e-3;
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPS = 1e-8;

  private final boolean amsgrad;
  private final INDArray[] parameters;
  private final INDArray[] gradients;
  private final INDArray[] updates;
  private final INDArray[] expAvg;
  private final INDArray[] expAvgSq;
  private final INDArray[] maxExpAvgSq;
  private int iteration;

  Nd4jAdam(Workload work) {
    amsgrad = work.kind() == Workload.Kind.ADAM_AMSGRAD;
    parameters = split(work.values(1), work.parts());
    gradients = split(work.values(2), work.parts());
    updates = zeros(true);
    expAvg = zeros(true);
    expAvgSq = zeros(true);
    maxExpAvgSq = zeros(amsgrad);
  }

  private static INDArray[] split(float[] values, int parts) {
    int length = values.length / parts;
    INDArray[] split = new INDArray[parts];
    for (int i = 0; i < parts; i++) {
      split[i] = Nd4j.createFromArray(Arrays.copyOfRange(values, i * length, (i + 1) * length));
    }
    return split;
  }

  private INDArray[] zeros(boolean needed) {
    return needed
        ? Arrays.stream(parameters).map(Nd4j::zerosLike).toArray(INDArray[]::new)
        : new INDArray[0];
  }

  @Override
  public void run() {
    for (int i = 0; i < parameters.length; i++) {
      Nd4j.exec(update(i));
      parameters[i].subi(updates[i]);
    }
    iteration++;
  }

  private CustomOp update(int i) {
    INDArray g = gradients[i];
    INDArray m = expAvg[i];
    INDArray v = expAvgSq[i];
    if (!amsgrad) {
      return new AdamUpdater(g, v, m, updates[i], v, m, LR, BETA1, BETA2, EPS, iteration);
    }
    INDArray h = maxExpAvgSq[i];
    return new AmsGradUpdater(g, v, m, h, updates[i], v, m, h, LR, BETA1, BETA2, EPS, iteration);
  }

  @Override
  public double[] results() {
    float[][] values = new float[parameters.length][];
    for (int i = 0; i < values.length; i++) {
      values[i] = parameters[i].data().asFloat();
    }
    return new double[] {0, Side.norm(values)};
  }
}
