package dev.quern.bench.peers.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.quern.bench.peers.Peer;
import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Optional;

/** DJL's form: its NDArray operations and gradient collector, its own BCE loss and Adam. */
public final class DjlPeer implements Peer {

  /** For the service loader. */
  public DjlPeer() {}

  @Override
  public String name() {
    return "djl";
  }

  @Override
  public String version() {
    return "DJL %s, LibTorch %s"
        .formatted(Engine.getDjlVersion(), Engine.getInstance().getVersion());
  }

  @Override
  public Optional<Side> side(Workload work) {
    NDManager manager = NDManager.newBaseManager();
    return Optional.ofNullable(
        switch (work.kind()) {
          case DICE -> loss(manager, work, DjlLosses::dice);
          case JACCARD -> loss(manager, work, DjlLosses::jaccard);
          case BCE -> loss(manager, work, DjlLosses::bce);
          case DICE_BCE -> loss(manager, work, DjlLosses::diceBce);
          case FOCAL_2 -> loss(manager, work, (x, t) -> DjlLosses.focal(x, t, 2));
          case FOCAL_15 -> loss(manager, work, (x, t) -> DjlLosses.focal(x, t, 1.5));
          case MULTICLASS_DICE -> loss(manager, work, DjlLosses::classDice);
          case LOVASZ -> loss(manager, work, DjlLosses::lovasz);
          case COUNTS -> counts(manager, work);
          case ADAM -> new DjlAdam(manager, work);
          // its Adam has no such option
          case ADAM_AMSGRAD -> null;
          // its engine is LibTorch, which has a peer of its own
          case UNET -> null;
        });
  }

  /** A loss from logits and target. */
  interface Loss {
    NDArray of(NDArray logits, NDArray target);
  }

  private static Side loss(NDManager manager, Workload work, Loss loss) {
    NDArray logits = manager.create(work.values(1));
    NDArray target;
    if (work.parts() > 1) {
      int pixels = work.elements() / work.parts() / Workload.IMAGES;
      logits = logits.reshape(Workload.IMAGES, work.parts(), pixels);
      target = manager.create(work.oneHotLabels()).reshape(Workload.IMAGES, work.parts(), pixels);
    } else {
      target = manager.create(work.floatLabels());
    }
    return new DjlLossSide(manager, logits, target, loss);
  }

  /** Products of floats and sums. */
  private static Side counts(NDManager manager, Workload work) {
    NDArray logits = manager.create(work.values(1));
    NDArray target = manager.create(work.floatLabels());
    return new Side() {
      private double value;

      @Override
      public void run() {
        try (NDManager scope = manager.newSubManager()) {
          logits.tempAttach(scope);
          target.tempAttach(scope);
          value = DjlLosses.iou(logits, target).getFloat();
        }
      }

      @Override
      public double[] results() {
        run();
        return new double[] {value, 0};
      }

      @Override
      public void close() {
        manager.close();
      }
    };
  }
}
