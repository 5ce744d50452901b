package dev.quern.nn;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.op.Convert;
import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One operation being unwound: what its rule reads and gives to. */
final class Unwinding {
  private final Engine engine;
  private final Node node;
  private final Tensor gradient;

  Unwinding(Engine engine, Node node, Tensor gradient) {
    this.engine = engine;
    this.node = node;
    this.gradient = gradient;
  }

  /** The gradient of the operation's first result. */
  Tensor gradient() {
    return gradient;
  }

  /** The type of an input. */
  TensorType type(int input) {
    return node.types.get(input);
  }

  int inputs() {
    return node.types.size();
  }

  /** Whether somebody asks for an input's gradient. */
  boolean wants(int input) {
    return node.inputs[input] != null;
  }

  /** An input that the rule said it needs. */
  Tensor input(int index) {
    return Objects.requireNonNull(node.retainedInputs[index], "an input that the rule needs")
        .tensor();
  }

  /** A result that the rule said it needs. */
  Tensor output(int index) {
    return Objects.requireNonNull(node.retainedOutputs[index], "a result that the rule needs")
        .tensor();
  }

  /** Gives an input what an operation computes. */
  void give(int input, Operation operation, Tensor... operands) {
    Value value = node.inputs[input];
    if (value != null) {
      value.add(engine, operation, List.of(operands));
    }
  }

  /** Gives an input a tensor that nobody else holds, or a view of one. */
  void give(int input, Tensor made) {
    Value value = node.inputs[input];
    if (value == null) {
      return;
    }
    if (value.isParameter()) {
      value.add(engine, new Convert(made.dtype()), List.of(made));
    } else {
      value.own(made);
    }
  }

  /** Gives an input the gradient itself. */
  void pass(int input) {
    Value value = node.inputs[input];
    if (value != null) {
      share(value, Value.view(gradient));
    }
  }

  /** Gives an input another view of the gradient. */
  void share(int input, Operation view) {
    Value value = node.inputs[input];
    if (value != null) {
      share(value, engine.apply(view, List.of(gradient)).getFirst());
    }
  }

  private void share(Value value, Tensor view) {
    value.share(view, node.output);
    if (!view.equals(value.gradient())) {
      view.close();
    }
  }

  /** Gives the first inputs the results of an operation that computes the gradients of all. */
  void giveAll(Operation operation, Tensor... operands) {
    List<Tensor> operandList = List.of(operands);
    List<TensorType> types = operation.outputs(operandList.stream().map(Tensor::type).toList());
    var results = new ArrayList<Tensor>();
    for (int i = 0; i < types.size(); i++) {
      Tensor target = target(i);
      results.add(target == null ? engine.empty(types.get(i)) : target);
    }
    engine.apply(operation, operandList, results);
    for (int i = 0; i < types.size(); i++) {
      Value value = node.inputs[i];
      if (value != null && results.get(i).equals(value.unwrittenTarget())) {
        value.keepWritten();
      } else {
        give(i, results.get(i));
      }
    }
  }

  /** A parameter's gradient that can be written over; an input twice among them is none. */
  private @Nullable Tensor target(int input) {
    Value value = node.inputs[input];
    if (value == null) {
      return null;
    }
    for (int i = 0; i < node.inputs.length; i++) {
      if (i != input && value.equals(node.inputs[i])) {
        return null;
      }
    }
    return value.unwrittenTarget();
  }
}
