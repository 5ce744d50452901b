package dev.quern.bench.peers.libtorch;

import dev.quern.bench.peers.Peer;
import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** LibTorch's form: TorchScript of eager operations and autograd; its fused CPU Adam. */
public final class LibTorchPeer implements Peer {

  /** For the service loader. */
  public LibTorchPeer() {}

  @Override
  public String name() {
    return "libtorch";
  }

  @Override
  public String version() {
    return "LibTorch through JavaCPP " + Peer.mavenVersion(torch.class, "org.bytedeco/pytorch");
  }

  @Override
  public Optional<Side> side(Workload work) {
    return Optional.of(of(work));
  }

  private static Side of(Workload work) {
    torch.set_num_threads(2);
    return switch (work.kind()) {
      case DICE -> loss(work, "dice");
      case JACCARD -> loss(work, "jaccard");
      case BCE -> loss(work, "bce");
      case DICE_BCE -> loss(work, "dice_bce");
      case FOCAL_2 -> loss(work, "focal_2");
      case FOCAL_15 -> loss(work, "focal_15");
      case MULTICLASS_DICE -> loss(work, "multiclass_dice");
      case LOVASZ -> loss(work, "lovasz");
      case COUNTS -> counts(work);
      case ADAM, ADAM_AMSGRAD -> adam(work);
      case UNET -> new LibTorchUNet(script(), work);
    };
  }

  private static CompilationUnit script() {
    try (InputStream in = LibTorchPeer.class.getResourceAsStream("libtorch.ts")) {
      if (in == null) {
        throw new IllegalStateException("The script libtorch.ts is missing.");
      }
      return torch.compile(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Tensor tensor(float[] values, long... shape) {
    try (FloatPointer memory = new FloatPointer(values)) {
      return torch.from_blob(memory, shape).clone();
    }
  }

  static float[] floats(Tensor tensor) {
    float[] values = new float[(int) tensor.numel()];
    tensor.contiguous().data_ptr_float().get(values);
    return values;
  }

  private static Side loss(Workload work, String function) {
    CompilationUnit unit = script();
    var name = new QualifiedName(function);
    Tensor logits;
    Tensor target;
    if (work.parts() > 1) {
      long[] shape = {
        Workload.IMAGES, work.parts(), work.elements() / work.parts() / Workload.IMAGES
      };
      logits = tensor(work.values(1), shape);
      target = tensor(work.oneHotLabels(), shape);
    } else {
      logits = tensor(work.values(1), work.elements());
      target = tensor(work.floatLabels(), work.elements());
    }
    logits.requires_grad_(true);
    return new Side() {
      private double value;

      @Override
      public void run() {
        try (PointerScope _ = new PointerScope()) {
          Tensor loss =
              unit.find_function(name)
                  .apply(new IValueVector(new IValue(logits), new IValue(target)))
                  .toTensor();
          loss.backward();
          value = loss.item_float();
          logits.mutable_grad().reset();
        }
      }

      @Override
      public double[] results() {
        try (PointerScope _ = new PointerScope()) {
          Tensor loss =
              unit.find_function(name)
                  .apply(new IValueVector(new IValue(logits), new IValue(target)))
                  .toTensor();
          loss.backward();
          value = loss.item_float();
          return new double[] {value, Side.norm(floats(logits.grad()))};
        }
      }

      @Override
      public void close() {
        unit.close();
      }
    };
  }

  /** Products of floats and sums, not torchmetrics' bincount. */
  private static Side counts(Workload work) {
    CompilationUnit unit = script();
    Tensor logits = tensor(work.values(1), work.elements());
    Tensor target = tensor(work.floatLabels(), work.elements());
    var name = new QualifiedName("counts_float");
    return new Side() {
      private double value;

      @Override
      public void run() {
        try (PointerScope _ = new PointerScope()) {
          value =
              unit.find_function(name)
                  .apply(new IValueVector(new IValue(logits), new IValue(target)))
                  .toTensor()
                  .item_float();
        }
      }

      @Override
      public double[] results() {
        run();
        return new double[] {value, 0};
      }

      @Override
      public void close() {
        unit.close();
      }
    };
  }

  private static Side adam(Workload work) {
    CompilationUnit unit = script();
    int length = work.elements() / work.parts();
    boolean amsgrad = work.kind() == Workload.Kind.ADAM_AMSGRAD;
    Tensor parameters = tensor(work.values(1), work.elements());
    IValue[] arguments = {
      parts(unit, parameters, length),
      parts(unit, tensor(work.values(2), work.elements()), length),
      parts(unit, zeros(work.elements()), length),
      parts(unit, zeros(work.elements()), length),
      parts(unit, zeros(amsgrad ? work.elements() : 0), length),
      parts(unit, zeros(work.parts()), 1),
      new IValue(amsgrad)
    };
    var name = new QualifiedName("adam");
    return new Side() {
      @Override
      public void run() {
        try (PointerScope _ = new PointerScope()) {
          unit.find_function(name).apply(new IValueVector(arguments));
        }
      }

      @Override
      public double[] results() {
        return new double[] {0, Side.norm(floats(parameters))};
      }

      @Override
      public void close() {
        unit.close();
      }
    };
  }

  private static Tensor zeros(int length) {
    return tensor(new float[length], length);
  }

  /** A list of neighbouring views. */
  private static IValue parts(CompilationUnit unit, Tensor tensor, int length) {
    return unit.find_function(new QualifiedName("parts"))
        .apply(new IValueVector(new IValue(tensor), new IValue((long) length)));
  }
}
