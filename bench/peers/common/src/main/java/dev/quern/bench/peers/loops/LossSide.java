package dev.quern.bench.peers.loops;

import dev.quern.bench.peers.Side;
import java.util.function.DoubleSupplier;

/** A loss or score by a loop. */
final class LossSide implements Side {
  private final float[] gradient;
  private final DoubleSupplier loop;
  private double value;

  LossSide(float[] gradient, DoubleSupplier loop) {
    this.gradient = gradient;
    this.loop = loop;
  }

  @Override
  public void run() {
    value = loop.getAsDouble();
  }

  @Override
  public double[] results() {
    run();
    return new double[] {value, Side.norm(gradient)};
  }
}
