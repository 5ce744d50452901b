package dev.quern.nn;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.op.Operation;
import dev.quern.op.OperationListener;
import dev.quern.op.OperationListener.Outcome;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears of the operations that its thread applies, and computes gradients of what they made. It
 * keeps the memory that gradients need, whoever closes the tensors, and gives it back while it
 * unwinds.
 *
 * <pre>{@code
 * try (Tape tape = new Tape(unet.parameters())) {
 *   Tensor logits = unet.forward(images);
 *   LossResult loss = dice.forwardBackward(logits, mask);
 *   tape.backward(logits, loss.gradient());
 * }
 * adam.step();
 * }</pre>
 *
 * <p>Gradients of a tensor that is used several times are added, the last use first. There is one
 * tape on a thread and engine at a time; it unwinds once; what is applied meanwhile it does not
 * hear of, so there are no second derivatives. What is computed through {@link Engine#submit} or
 * copied to the host and back it does not see.
 */
public final class Tape implements AutoCloseable {
  /** The rule of what is added to. */
  private static final Rule SAME = Rule.rule(u -> u.pass(0));

  private final Engine engine;
  private final IdentityHashMap<Tensor, Value> values = new IdentityHashMap<>();
  private final IdentityHashMap<Tensor, Value> watched = new IdentityHashMap<>();
  private final List<Value> parameters = new ArrayList<>();
  private final List<Tensor> targets = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private final OperationListener.Registration listening;
  private boolean unwound;
  private boolean closed;

  /**
   * Starts to listen, and watches all parameters.
   *
   * @param store whose gradients {@link #backward} writes
   * @throws IllegalStateException if this thread has a tape on the engine already
   */
  public Tape(ParameterStore store) {
    this(store.engine());
    for (int i = 0; i < store.parameters().size(); i++) {
      Tensor target = store.gradients().get(i);
      Value value = Value.parameter(target);
      parameters.add(value);
      targets.add(target);
      know(store.parameters().get(i), value);
    }
  }

  /**
   * Starts to listen; tensors to watch are named later.
   *
   * @param engine whose operations are heard of
   * @throws IllegalStateException if this thread has a tape on the engine already
   */
  public Tape(Engine engine) {
    this.engine = engine;
    try {
      this.listening = engine.listen(this::applied);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          "This thread has a tape on the engine already; tapes do not nest: close it first.", e);
    }
  }

  /**
   * Watches a tensor: {@link #gradient} gives its gradient after {@link #backward}.
   *
   * @param x F32 or F64
   * @return the tensor
   * @throws IllegalArgumentException if it is a parameter of the tape's store, or was made of what
   *     is watched
   */
  public Tensor watch(Tensor x) {
    requireListening();
    if (watched.containsKey(x)) {
      return x;
    }
    Value known = values.get(x);
    if (known != null) {
      throw new IllegalArgumentException(
          known.isParameter()
              ? "The tensor %s is a parameter: its gradient will lie in the store.".formatted(x)
              : "The tensor %s was made of what the tape watches; watch tensors that nothing watched leads to."
                  .formatted(x));
    }
    Value value = Value.watched();
    know(x, value);
    watched.put(x, value);
    return x;
  }

  private void know(Tensor x, Value value) {
    value.seen(x.version());
    values.put(x, value);
  }

  /** What a tensor holds, if that descends from something watched. */
  private @Nullable Value value(Tensor x) {
    Value value = values.get(x);
    if (value != null && !value.isSeen(x.version())) {
      throw new IllegalStateException(
          "The tensor %s was overwritten while a tape listens, not as a whole by an operation, so the tape does not know what it holds; write a tensor of its own."
              .formatted(x));
    }
    return value;
  }

  /**
   * Computes the gradients of all parameters and watched tensors, and writes those of parameters
   * over what their store holds: 0 for a parameter that had no part in y.
   *
   * @param y what the tape heard being made of them
   * @param gradient with respect to y, of its type
   * @throws IllegalStateException if the tape was unwound before, or a tensor that a gradient needs
   *     was overwritten since the forward pass
   * @throws IllegalArgumentException if y descends from nothing watched, or the types differ
   */
  public void backward(Tensor y, Tensor gradient) {
    unwind(y, gradient);
    for (int i = 0; i < parameters.size(); i++) {
      if (!parameters.get(i).isWritten()) {
        targets.get(i).fill(0);
      }
    }
  }

  /**
   * Computes the gradients of the only element of y, as {@link #backward(Tensor, Tensor)} does with
   * the gradient 1.
   *
   * @param y F32, of one element
   * @throws IllegalArgumentException also if y has more elements
   */
  public void backward(Tensor y) {
    if (y.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "backward without a gradient needs one element, but the shape is " + y.shape() + ".");
    }
    engine.scoped(() -> {
      Tensor one = engine.empty(y.type());
      one.fill(1);
      backward(y, one);
    });
  }

  /**
   * Computes the gradients as {@link #backward} does, and adds those of parameters to what their
   * store holds.
   *
   * @param y what the tape heard being made of them
   * @param gradient with respect to y, of its type
   * @throws IllegalStateException as {@link #backward}
   * @throws IllegalArgumentException as {@link #backward}
   */
  public void accumulate(Tensor y, Tensor gradient) {
    parameters.forEach(Value::keepWritten);
    unwind(y, gradient);
  }

  /**
   * Returns the gradient of a watched tensor.
   *
   * @param x what {@link #watch} was given
   * @return of its type, owned by the tape: valid until that is closed
   * @throws IllegalStateException before {@link #backward}
   * @throws IllegalArgumentException if the tensor is not watched
   */
  public Tensor gradient(Tensor x) {
    Value value = watched.get(x);
    if (value == null) {
      throw new IllegalArgumentException(
          "The tensor " + x + " is not watched by this tape; call watch before it is used.");
    }
    if (!unwound || closed) {
      throw new IllegalStateException(
          closed
              ? "The tape is closed, and its gradients with it."
              : "There are no gradients yet: call backward first.");
    }
    Tensor gradient = value.gradient();
    if (gradient == null) {
      engine.scoped(() -> {
        Tensor zeros = engine.empty(x.type());
        zeros.fill(0);
        value.own(zeros);
      });
      gradient = value.gradient();
    }
    if (gradient == null) {
      throw new IllegalStateException("A gradient of 0 was not kept.");
    }
    return gradient;
  }

  /** Stops listening and frees what is kept; idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      listening.close();
      forget();
      watched.values().forEach(Value::release);
    }
  }

  private void forget() {
    nodes.forEach(Node::close);
    nodes.clear();
    values
        .values()
        .forEach(value -> {
          if (!watched.containsValue(value)) {
            value.release();
          }
        });
    values.clear();
  }

  private void requireListening() {
    if (closed || unwound) {
      throw new IllegalStateException(
          closed
              ? "The tape is closed; start another."
              : "The tape was unwound already, and it can be unwound once; start another for the next step.");
    }
  }

  /** Is called after each operation of this thread. */
  private void applied(
      Operation operation, List<Tensor> inputs, List<Tensor> outputs, Outcome outcome) {
    @Nullable Value[] values = new Value[inputs.size()];
    boolean descends = false;
    for (int i = 0; i < values.length; i++) {
      values[i] = value(inputs.get(i));
      descends |= values[i] != null;
    }
    if (outcome != Outcome.MADE) {
      outputs.forEach(this::requireComputed);
    }
    Rule rule = descends ? Gradients.of(operation) : Rule.NONE;
    for (int i = 0; i < outputs.size(); i++) {
      Tensor output = outputs.get(i);
      Value before = outcome == Outcome.MADE ? null : this.values.remove(output);
      boolean tracked = i == 0 && !rule.isNone();
      boolean goesOn = outcome == Outcome.ADDED && before != null;
      if (!tracked && !goesOn) {
        continue;
      }
      Value after = Value.computed();
      know(output, after);
      if (goesOn) {
        // what was there before has the same gradient
        nodes.add(
            new Node(
                operation,
                SAME,
                new @Nullable Value[] {before},
                List.of(output),
                after,
                List.of(output)));
      }
      if (tracked) {
        nodes.add(new Node(operation, rule, values, inputs, after, outputs));
      }
    }
  }

  private void requireComputed(Tensor output) {
    Value value = values.get(output);
    if (value != null && (value.isParameter() || watched.containsValue(value))) {
      throw new IllegalStateException(
          "The tensor %s is watched by a tape and must not be overwritten while that listens."
              .formatted(output));
    }
  }

  private void unwind(Tensor y, Tensor gradient) {
    requireListening();
    Value end = value(y);
    if (end == null) {
      throw new IllegalArgumentException(
          "The tensor %s descends from nothing that the tape watches, or was made before the tape."
              .formatted(y));
    }
    if (!gradient.type().equals(y.type())) {
      throw new IllegalArgumentException(
          "The gradient %s does not match the tensor %s.".formatted(gradient.type(), y.type()));
    }
    unwound = true;
    listening.close();
    try {
      end.lend(gradient);
      for (Node node : nodes.reversed()) {
        Tensor given = node.output.gradient();
        if (given != null) {
          try (Scope _ = engine.openScope()) {
            node.rule.body().accept(new Unwinding(engine, node, given));
          }
        }
        node.output.producerDone();
        node.close();
      }
    } finally {
      forget();
    }
  }
}
