package dev.quern.bench.peers.loops;

import dev.quern.bench.peers.Peer;
import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Optional;

/** Loops over {@code float[]}, written out by hand: value and gradient of the losses, Adam. */
abstract class Loops implements Peer {
  private final String name;
  private final Sweep sweep;

  Loops(String name, Sweep sweep) {
    this.name = name;
    this.sweep = sweep;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String version() {
    return "Java " + Runtime.version();
  }

  @Override
  public Optional<Side> side(Workload work) {
    return Optional.ofNullable(
        switch (work.kind()) {
          case DICE -> loss(work, RegionLoops::dice);
          case JACCARD -> loss(work, RegionLoops::jaccard);
          case BCE -> loss(work, PixelLoops::bce);
          case DICE_BCE -> loss(work, RegionLoops::diceBce);
          case FOCAL_2 -> loss(work, (s, x, t, g) -> PixelLoops.focal(s, 2, x, t, g));
          case FOCAL_15 -> loss(work, (s, x, t, g) -> PixelLoops.focal(s, 1.5, x, t, g));
          case LOVASZ -> loss(work, LovaszLoops::hinge);
          case MULTICLASS_DICE -> classes(work);
          case COUNTS -> counts(work);
          case ADAM, ADAM_AMSGRAD -> new AdamLoops(work, sweep);
          // nobody writes a network in plain loops
          case UNET -> null;
        });
  }

  /** Writes the gradient and returns the value. */
  interface Loss {
    double forwardBackward(Sweep sweep, float[] logits, float[] target, float[] gradient);
  }

  private Side loss(Workload work, Loss loss) {
    float[] logits = work.values(1);
    float[] target = work.floatLabels();
    float[] gradient = new float[logits.length];
    return new LossSide(gradient, () -> loss.forwardBackward(sweep, logits, target, gradient));
  }

  private Side classes(Workload work) {
    float[] logits = work.values(1);
    byte[] labels = work.labels();
    float[] gradient = new float[logits.length];
    var loss = new ClassLoops(work.parts(), labels.length / Workload.IMAGES);
    return new LossSide(gradient, () -> loss.dice(sweep, logits, labels, gradient));
  }

  private Side counts(Workload work) {
    float[] logits = work.values(1);
    byte[] labels = work.labels();
    return new LossSide(new float[0], () -> PixelLoops.iou(sweep, logits, labels));
  }
}
