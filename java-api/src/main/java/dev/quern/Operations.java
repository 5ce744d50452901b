package dev.quern;

import dev.quern.engine.OperationCall;
import dev.quern.op.Binary;
import dev.quern.op.Operation;
import dev.quern.op.OperationListener;
import dev.quern.op.OperationListener.Outcome;
import dev.quern.op.TensorType;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.spatial.SpatialOperation;
import dev.quern.op.spatial.TrackStatistics;
import dev.quern.spi.Kernels;
import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Applies operations on one engine: checks what they are given, makes what they result in, and
 * tells the thread's listener.
 */
final class Operations {
  private static final Binary ADD = new Binary(BinaryOp.ADD);

  private final Engine engine;

  @SuppressWarnings("ThreadLocalUsage") // per engine on purpose: a thread may use several at once
  private final ThreadLocal<@Nullable Listening> listening = new ThreadLocal<>();

  Operations(Engine engine) {
    this.engine = engine;
  }

  List<Tensor> apply(Operation operation, List<Tensor> inputs) {
    List<TensorType> results = results(operation, inputs);
    Plan plan = plan(operation, inputs);
    List<Tensor> outputs = engine.locked(() -> make(operation, plan, inputs, results));
    try {
      tell(operation, inputs, outputs, Outcome.MADE);
    } catch (RuntimeException | Error e) {
      outputs.forEach(Tensor::close);
      throw e;
    }
    return outputs;
  }

  void apply(Operation operation, List<Tensor> inputs, List<Tensor> outputs) {
    requireOutputs(operation, results(operation, inputs), outputs);
    Plan plan = plan(operation, inputs);
    engine.submit(kernels -> {
      OperationCall call = call(operation, plan, kernels, inputs, outputs);
      boolean elementwise =
          call.family() instanceof PointwiseKernels || operation instanceof TrackStatistics;
      requireApart(operation, inputs, outputs, elementwise);
      List<FaultWord> faults = faults(inputs);
      run(operation, call, inputs, outputs);
      outputs.forEach(output -> output.setFaults(faults));
      outputs.forEach(Tensor::markWritten);
    });
    tell(operation, inputs, outputs, Outcome.WRITTEN);
  }

  void accumulate(Operation operation, List<Tensor> inputs, List<Tensor> outputs) {
    List<TensorType> results = results(operation, inputs);
    requireOutputs(operation, results, outputs);
    results.forEach(result -> ADD.outputs(List.of(result, result)));
    Plan plan = plan(operation, inputs);
    engine.submit(kernels -> {
      requireApart(operation, inputs, outputs, false);
      List<FaultWord> faults = faults(inputs);
      OperationCall direct =
          OperationCall.adding(
              operation,
              plan,
              engine::withScratch,
              kernels,
              types(inputs),
              spans(inputs),
              spans(outputs));
      if (direct != null) {
        run(operation, direct, inputs, outputs);
      } else {
        addMade(operation, plan, kernels, inputs, results, outputs);
      }
      outputs.forEach(output -> output.carry(faults));
      outputs.forEach(Tensor::markWritten);
    });
    tell(operation, inputs, outputs, Outcome.ADDED);
  }

  OperationListener.Registration listen(OperationListener listener) {
    if (listening.get() != null) {
      throw new IllegalStateException(
          "This thread's operations on the engine have a listener already; close it first.");
    }
    var started = new Listening(listener);
    listening.set(started);
    return started;
  }

  /** The results, of which none is left behind if not all can be made: under the lock. */
  private List<Tensor> make(
      Operation operation, @Nullable Plan plan, List<Tensor> inputs, List<TensorType> results) {
    return switch (operation) {
      case Reshape _ -> List.of(view(inputs.getFirst(), 0, results.getFirst()));
      case Slice slice -> {
        Tensor x = inputs.getFirst();
        yield List.of(view(x, slice.offset(x.type()), results.getFirst()));
      }
      default -> compute(operation, plan, inputs, results);
    };
  }

  private static Tensor view(Tensor x, long offset, TensorType type) {
    return x.view(x.span().offset() + offset, type);
  }

  private List<Tensor> compute(
      Operation operation, @Nullable Plan plan, List<Tensor> inputs, List<TensorType> results) {
    var outputs = new ArrayList<Tensor>(results.size());
    try {
      results.forEach(result -> outputs.add(engine.empty(result)));
      engine.submit(kernels -> {
        OperationCall call = call(operation, plan, kernels, inputs, outputs);
        run(operation, call, inputs, outputs);
      });
      List<FaultWord> faults = faults(inputs);
      outputs.forEach(output -> output.setFaults(faults));
      return List.copyOf(outputs);
    } catch (RuntimeException | Error e) {
      outputs.forEach(Tensor::close);
      throw e;
    }
  }

  private void addMade(
      Operation operation,
      @Nullable Plan plan,
      Kernels kernels,
      List<Tensor> inputs,
      List<TensorType> results,
      List<Tensor> outputs) {
    List<Tensor> made = make(operation, plan, inputs, results);
    try {
      for (int i = 0; i < made.size(); i++) {
        List<Tensor> sides = List.of(outputs.get(i), made.get(i));
        List<Tensor> target = List.of(outputs.get(i));
        run(ADD, call(ADD, null, kernels, sides, target), sides, target);
      }
    } finally {
      made.forEach(Tensor::close);
    }
  }

  /** What an operation on images needs, prepared outside the engine's lock. */
  private @Nullable Plan plan(Operation operation, List<Tensor> inputs) {
    return operation instanceof SpatialOperation spatial
        ? engine.prepare(spatial.spec(types(inputs)))
        : null;
  }

  private OperationCall call(
      Operation operation,
      @Nullable Plan plan,
      Kernels kernels,
      List<Tensor> inputs,
      List<Tensor> outputs) {
    return OperationCall.of(
        operation,
        plan,
        engine::withScratch,
        kernels,
        types(inputs),
        spans(inputs),
        spans(outputs));
  }

  private static void run(
      Operation operation, OperationCall call, List<Tensor> inputs, List<Tensor> outputs) {
    for (List<Tensor> tensors : List.of(inputs, outputs)) {
      for (Tensor tensor : tensors) {
        if (tensor.dtype() == DType.F64) {
          call.family().support(DType.F64).require(operation + " of " + tensor.type());
        }
      }
    }
    call.enqueue().run();
  }

  private void tell(
      Operation operation, List<Tensor> inputs, List<Tensor> outputs, Outcome outcome) {
    Listening heard = listening.get();
    if (heard != null && !heard.isTelling) {
      heard.isTelling = true;
      try {
        heard.listener.applied(operation, List.copyOf(inputs), List.copyOf(outputs), outcome);
      } finally {
        heard.isTelling = false;
      }
    }
  }

  private List<TensorType> results(Operation operation, List<Tensor> inputs) {
    requireHere(inputs);
    return operation.outputs(types(inputs));
  }

  private void requireOutputs(Operation operation, List<TensorType> results, List<Tensor> outputs) {
    requireHere(outputs);
    if (!types(outputs).equals(results)) {
      throw new IllegalArgumentException(
          "%s gives %s, but the outputs given are %s."
              .formatted(operation, results, types(outputs)));
    }
  }

  private void requireHere(List<Tensor> tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.engine() != engine) {
        tensors.getFirst().requireSameEngine(tensor);
        throw new IllegalArgumentException(
            "The tensor %s lives on another engine than the one on %s that is to compute with it; bring it there with t.to(engine)."
                .formatted(tensor, engine.device().id()));
      }
    }
  }

  /** Kernels may write over their operands only element by element. */
  private static void requireApart(
      Operation operation, List<Tensor> inputs, List<Tensor> outputs, boolean elementwise) {
    for (int i = 0; i < outputs.size(); i++) {
      Span output = outputs.get(i).span();
      for (Tensor input : inputs) {
        Span span = input.span();
        if (overlap(output, span) && !(elementwise && output.equals(span))) {
          throw new IllegalArgumentException(
              "%s cannot write %s: it shares memory with its input %s."
                  .formatted(operation, outputs.get(i), input));
        }
      }
      for (Tensor other : outputs.subList(0, i)) {
        if (overlap(output, other.span())) {
          throw new IllegalArgumentException(
              "%s cannot write %s and %s: they share memory."
                  .formatted(operation, other, outputs.get(i)));
        }
      }
    }
  }

  private static boolean overlap(Span a, Span b) {
    return a.buffer().equals(b.buffer())
        && a.byteOffset() < b.byteOffset() + b.byteSize()
        && b.byteOffset() < a.byteOffset() + a.byteSize();
  }

  private static List<TensorType> types(List<Tensor> tensors) {
    var types = new TensorType[tensors.size()];
    for (int i = 0; i < types.length; i++) {
      types[i] = tensors.get(i).type();
    }
    return List.of(types);
  }

  private static List<Span> spans(List<Tensor> tensors) {
    var spans = new Span[tensors.size()];
    for (int i = 0; i < spans.length; i++) {
      spans[i] = tensors.get(i).span();
    }
    return List.of(spans);
  }

  private static List<FaultWord> faults(List<Tensor> inputs) {
    List<FaultWord> faults = List.of();
    for (Tensor input : inputs) {
      faults = FaultWord.union(faults, input.faults());
    }
    return faults;
  }

  private final class Listening implements OperationListener.Registration {
    final OperationListener listener;
    boolean isTelling;

    Listening(OperationListener listener) {
      this.listener = listener;
    }

    @Override
    public void close() {
      if (equals(listening.get())) {
        listening.remove();
      }
    }
  }
}
