package dev.quern.bench.peers.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Arrays;

/** DJL's Adam: an update for each parameter; its epsilon stands beside the uncorrected root. */
final class DjlAdam implements Side {
  private final NDManager manager;
  private final Optimizer adam;
  private final NDArray[] parameters;
  private final NDArray[] gradients;

  DjlAdam(NDManager manager, Workload work) {
    this.manager = manager;
    this.adam =
        Optimizer.adam()
            .optLearningRateTracker(Tracker.fixed(1e-3f))
            .optBeta1(0.9f)
            .optBeta2(0.999f)
            .optEpsilon(1e-8f)
            .build();
    this.parameters = split(work.values(1), work.parts());
    this.gradients = split(work.values(2), work.parts());
  }

  private NDArray[] split(float[] values, int parts) {
    int length = values.length / parts;
    NDArray[] split = new NDArray[parts];
    for (int i = 0; i < parts; i++) {
      split[i] = manager.create(Arrays.copyOfRange(values, i * length, (i + 1) * length));
    }
    return split;
  }

  @Override
  public void run() {
    for (int i = 0; i < parameters.length; i++) {
      adam.update(Integer.toString(i), parameters[i], gradients[i]);
    }
  }

  @Override
  public double[] results() {
    float[][] values = new float[parameters.length][];
    for (int i = 0; i < values.length; i++) {
      values[i] = parameters[i].toFloatArray();
    }
    return new double[] {0, Side.norm(values)};
  }

  @Override
  public void close() {
    manager.close();
  }
}
