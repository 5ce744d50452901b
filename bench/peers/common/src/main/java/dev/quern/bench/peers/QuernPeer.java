package dev.quern.bench.peers;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import java.util.Arrays;
import java.util.Optional;

/** Quern's form, on the simd backend: tensors and engine as a training loop uses them. */
public final class QuernPeer implements Peer {

  /** For the service loader. */
  public QuernPeer() {}

  @Override
  public String name() {
    return "quern";
  }

  @Override
  public String version() {
    return "Quern, simd backend";
  }

  @Override
  public Optional<Side> side(Workload work) {
    return Optional.of(of(work));
  }

  private static Side of(Workload work) {
    Engine engine = Engine.open("simd");
    return switch (work.kind()) {
      case DICE -> loss(engine, work, new DiceLoss());
      case JACCARD -> loss(engine, work, new JaccardLoss());
      case BCE -> loss(engine, work, new BceLoss());
      case DICE_BCE -> loss(engine, work, new DiceLoss().plus(new BceLoss()));
      case FOCAL_2 -> loss(engine, work, new FocalLoss());
      case FOCAL_15 -> loss(engine, work, new FocalLoss().gamma(1.5));
      case MULTICLASS_DICE -> loss(engine, work, new DiceLoss().mode(Mode.MULTICLASS));
      case LOVASZ -> lovasz(engine, work);
      case COUNTS -> counts(engine, work);
      case ADAM, ADAM_AMSGRAD -> adam(engine, work);
      case UNET -> new QuernUNet(engine, work);
    };
  }

  private interface Step {
    LossResult run(Tensor logits, Tensor target);
  }

  private static Side loss(Engine engine, Workload work, SegmentationLoss loss) {
    return forwardBackward(engine, work, loss::forwardBackward);
  }

  private static Side lovasz(Engine engine, Workload work) {
    LovaszLoss loss = new LovaszLoss();
    return forwardBackward(engine, work, loss::forwardBackward);
  }

  private static Side forwardBackward(Engine engine, Workload work, Step step) {
    Tensor logits;
    Tensor target;
    if (work.parts() > 1) {
      int images = Workload.IMAGES;
      int pixels = work.elements() / work.parts() / images;
      logits = engine.tensor(work.values(1), images, work.parts(), pixels).detach();
      target = engine.tensor(work.labels(), images, pixels).detach();
    } else {
      logits = engine.tensor(work.values(1), work.elements()).detach();
      target = engine.tensor(work.floatLabels(), work.elements()).detach();
    }
    return new Side() {
      private double value;
      private double norm;

      @Override
      public void run() {
        try (Scope _ = engine.openScope()) {
          step.run(logits, target);
          engine.synchronize();
        }
      }

      @Override
      public double[] results() {
        try (Scope _ = engine.openScope()) {
          LossResult result = step.run(logits, target);
          value = result.value().item();
          norm = Side.norm(result.gradient().toFloatArray());
        }
        return new double[] {value, norm};
      }

      @Override
      public void close() {
        engine.close();
      }
    };
  }

  private static Side counts(Engine engine, Workload work) {
    Tensor logits = engine.tensor(work.values(1), work.elements()).detach();
    Tensor target = engine.tensor(work.labels(), work.elements()).detach();
    BinaryJaccardIndex metric = new BinaryJaccardIndex(engine);
    return new Side() {
      @Override
      public void run() {
        metric.update(logits, target);
        engine.synchronize();
      }

      @Override
      public double[] results() {
        return new double[] {metric.compute(), 0};
      }

      @Override
      public void close() {
        metric.close();
        engine.close();
      }
    };
  }

  private static Side adam(Engine engine, Workload work) {
    int length = work.elements() / work.parts();
    float[] parameters = work.values(1);
    float[] gradients = work.values(2);
    ParameterStore.Builder builder = ParameterStore.builder(engine);
    for (int i = 0; i < work.parts(); i++) {
      builder.add("p" + i, Arrays.copyOfRange(parameters, i * length, (i + 1) * length), length);
    }
    ParameterStore store = builder.build();
    for (int i = 0; i < work.parts(); i++) {
      store.gradient("p" + i).copyFrom(Arrays.copyOfRange(gradients, i * length, (i + 1) * length));
    }
    boolean amsgrad = work.kind() == Workload.Kind.ADAM_AMSGRAD;
    Adam adam = Adam.builder(store).options(new AdamOptions().withAmsgrad(amsgrad)).build();
    return new Side() {
      @Override
      public void run() {
        adam.step();
        engine.synchronize();
      }

      @Override
      public double[] results() {
        double sum = 0;
        for (int i = 0; i < work.parts(); i++) {
          double norm = Side.norm(store.parameter("p" + i).toFloatArray());
          sum += norm * norm;
        }
        return new double[] {0, Math.sqrt(sum)};
      }

      @Override
      public void close() {
        adam.close();
        engine.close();
      }
    };
  }
}
