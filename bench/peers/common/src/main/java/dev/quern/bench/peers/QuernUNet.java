package dev.quern.bench.peers;

import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.nn.Tape;
import dev.quern.nn.unet.UNet;
import dev.quern.optim.Adam;

/** A step of a U-Net: tape, fused loss, Adam. */
final class QuernUNet implements Side {
  private final Engine engine;
  private final UNet network;
  private final Adam adam;
  private final SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
  private final Tensor images;
  private final Tensor target;
  private double value;

  QuernUNet(Engine engine, Workload work) {
    this.engine = engine;
    var shape = new UNet.Shape(UNetParameters.WIDTH, UNetParameters.DEPTH, 1, 1);
    this.network = new UNet(engine, shape, 0);
    UNetParameters.all()
        .forEach(
            (name, parameter) -> network.parameters().parameter(name).copyFrom(parameter.values()));
    this.adam = Adam.builder(network.parameters()).build();
    long[] dims = {UNetParameters.IMAGES, 1, UNetParameters.SIZE, UNetParameters.SIZE};
    this.images = engine.tensor(work.values(1), dims).detach();
    this.target = engine.tensor(work.floatLabels(), dims).detach();
  }

  @Override
  public void run() {
    try (Scope _ = engine.openScope()) {
      try (Tape tape = new Tape(network.parameters())) {
        Tensor logits = network.forward(images);
        LossResult result = loss.forwardBackward(logits, target);
        tape.backward(logits, result.gradient());
        adam.step();
        value = result.value().item();
      }
    }
  }

  @Override
  public double[] results() {
    double sum = 0;
    for (Tensor parameter : network.parameters().parameters()) {
      double norm = Side.norm(parameter.toFloatArray());
      sum += norm * norm;
    }
    return new double[] {value, Math.sqrt(sum)};
  }

  @Override
  public void close() {
    adam.close();
    network.close();
    engine.close();
  }
}
