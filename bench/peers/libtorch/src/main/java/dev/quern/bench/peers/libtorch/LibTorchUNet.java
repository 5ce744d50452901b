package dev.quern.bench.peers.libtorch;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.UNetParameters;
import dev.quern.bench.peers.Workload;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;

/** A step of a U-Net: channels-last tensors, autograd, the fused Adam. */
final class LibTorchUNet implements Side {
  private final CompilationUnit unit;
  private final QualifiedName step = new QualifiedName("unet_step");
  private final List<Tensor> parameters = new ArrayList<>();
  private final IValueVector arguments;
  private double value;

  LibTorchUNet(CompilationUnit unit, Workload work) {
    this.unit = unit;
    var moments = new ArrayList<Tensor>();
    var squares = new ArrayList<Tensor>();
    var steps = new ArrayList<Tensor>();
    var running = new ArrayList<Tensor>();
    UNetParameters.all()
        .forEach((name, parameter) -> {
          parameters.add(last(parameter.values(), parameter.shape()));
          moments.add(last(new float[parameter.values().length], parameter.shape()));
          squares.add(last(new float[parameter.values().length], parameter.shape()));
          steps.add(LibTorchPeer.tensor(new float[1], 1));
          if (parameter.shape().length == 1 && name.endsWith(".weight")) {
            running.add(
                LibTorchPeer.tensor(new float[parameter.values().length], parameter.shape()));
            running.add(LibTorchPeer.tensor(parameter.values(), parameter.shape()));
          }
        });
    parameters.forEach(parameter -> parameter.requires_grad_(true));
    long[] dims = {UNetParameters.IMAGES, 1, UNetParameters.SIZE, UNetParameters.SIZE};
    this.arguments =
        new IValueVector(
            new IValue(last(work.values(1), dims)),
            new IValue(last(work.floatLabels(), dims)),
            list(parameters),
            list(parameters.stream().map(Tensor::detach).toList()),
            list(running),
            list(moments),
            list(squares),
            list(steps),
            new IValue((long) UNetParameters.DEPTH));
  }

  private Tensor last(float[] values, long... shape) {
    Tensor tensor = LibTorchPeer.tensor(values, shape);
    return shape.length < 4
        ? tensor
        : unit.find_function(new QualifiedName("channels_last"))
            .apply(new IValueVector(new IValue(tensor)))
            .toTensor();
  }

  /** A list that knows its elements' type, as only a script can make one. */
  private IValue list(List<Tensor> tensors) {
    IValue first = new IValue(tensors.getFirst());
    IValue list = unit.find_function(new QualifiedName("list_of")).apply(new IValueVector(first));
    for (Tensor tensor : tensors.subList(1, tensors.size())) {
      unit.find_function(new QualifiedName("append"))
          .apply(new IValueVector(list, new IValue(tensor)));
    }
    return list;
  }

  @Override
  public void run() {
    try (PointerScope _ = new PointerScope()) {
      value = unit.find_function(step).apply(arguments).toTensor().item_float();
    }
  }

  @Override
  public double[] results() {
    double sum = 0;
    for (Tensor parameter : parameters) {
      double norm = Side.norm(LibTorchPeer.floats(parameter.detach()));
      sum += norm * norm;
    }
    return new double[] {value, Math.sqrt(sum)};
  }

  @Override
  public void close() {
    unit.close();
  }
}
