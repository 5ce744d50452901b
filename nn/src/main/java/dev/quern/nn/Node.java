package dev.quern.nn;

import dev.quern.Tensor;
import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An operation on the tape. */
final class Node {
  final Operation operation;
  final Rule rule;

  /** Of each input; null where it descends from nothing watched. */
  final @Nullable Value[] inputs;

  final List<TensorType> types;
  final Value output;
  final @Nullable Retained[] retainedInputs;
  final @Nullable Retained[] retainedOutputs;

  Node(
      Operation operation,
      Rule rule,
      @Nullable Value[] inputs,
      List<Tensor> tensors,
      Value output,
      List<Tensor> results) {
    this.operation = operation;
    this.rule = rule;
    this.inputs = inputs;
    this.types = tensors.stream().map(Tensor::type).toList();
    this.output = output;
    this.retainedInputs = new Retained[tensors.size()];
    this.retainedOutputs = new Retained[results.size()];
    boolean[] wants = new boolean[inputs.length];
    for (int i = 0; i < wants.length; i++) {
      wants[i] = inputs[i] != null;
    }
    for (Rule.Need need : rule.needs()) {
      if (need.isMet(wants)) {
        Tensor tensor = (need.isInput() ? tensors : results).get(need.index());
        (need.isInput() ? retainedInputs : retainedOutputs)[need.index()] =
            new Retained(operation, tensor);
      }
    }
    output.producedByOneMore();
  }

  void close() {
    for (@Nullable Retained[] all : List.of(retainedInputs, retainedOutputs)) {
      for (Retained each : all) {
        if (each != null) {
          each.close();
        }
      }
      Arrays.fill(all, null);
    }
  }
}
