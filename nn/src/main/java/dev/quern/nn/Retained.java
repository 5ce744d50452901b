package dev.quern.nn;

import dev.quern.Tensor;
import dev.quern.op.Operation;

/** A tensor that a rule will read, which nobody may overwrite until then. */
final class Retained {
  private final Operation operation;
  private final Tensor view;
  private final long version;

  Retained(Operation operation, Tensor tensor) {
    this.operation = operation;
    this.view = Value.view(tensor);
    this.version = view.version();
  }

  /**
   * The tensor as the operation saw it.
   *
   * @throws IllegalStateException if it was overwritten since
   */
  Tensor tensor() {
    if (view.version() != version) {
      throw new IllegalStateException(
          "The gradient of %s needs the tensor %s as it was, but it was overwritten between forward and backward; step the optimizer after backward, or compute with a copy."
              .formatted(operation, view));
    }
    return view;
  }

  void close() {
    view.close();
  }
}
