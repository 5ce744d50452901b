package dev.quern.nn;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.Operation;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.spi.tensor.BinaryOp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a tensor held when an operation gave it to the tape, and the gradient of that. */
final class Value {
  private static final Binary ADD = new Binary(BinaryOp.ADD);

  /** Where a parameter's gradient goes; null for all others. */
  private final @Nullable Tensor target;

  private final boolean watched;
  private boolean written;
  private int producers;
  private long version;
  private @Nullable Tensor gradient;
  private @Nullable Memory memory;

  /** Memory of gradients, which only its single owner may change. */
  private static final class Memory {
    int users = 1;
    final boolean lent;

    Memory(boolean lent) {
      this.lent = lent;
    }
  }

  private Value(@Nullable Tensor target, boolean watched) {
    this.target = target;
    this.watched = watched;
  }

  /** The value of a parameter. */
  static Value parameter(Tensor gradient) {
    return new Value(gradient, false);
  }

  /** The value of a tensor whose gradient somebody asks for. */
  static Value watched() {
    return new Value(null, true);
  }

  /** The result of an operation. */
  static Value computed() {
    return new Value(null, false);
  }

  /** Remembers how often the tensor's memory had been overwritten. */
  void seen(long versionOfTensor) {
    version = versionOfTensor;
  }

  /** Whether the tensor's memory has not been overwritten since. */
  boolean isSeen(long versionOfTensor) {
    return version == versionOfTensor;
  }

  boolean isParameter() {
    return target != null;
  }

  /** Counts an operation that gives this value its gradient on to its own inputs. */
  void producedByOneMore() {
    producers++;
  }

  @Nullable Tensor gradient() {
    return gradient;
  }

  /** Whether the gradient goes on where it was once written; else what is there is replaced. */
  void keepWritten() {
    written = true;
  }

  /** Whether a parameter has been given a gradient. */
  boolean isWritten() {
    return written;
  }

  /** The parameter's gradient, if the next contribution may be written over what it holds. */
  @Nullable Tensor unwrittenTarget() {
    return written ? null : target;
  }

  /** Begins with somebody else's gradient. */
  void lend(Tensor given) {
    if (target != null) {
      add(given.engine(), new Convert(given.dtype()), List.of(given));
    } else {
      gradient = view(given);
      memory = new Memory(true);
    }
  }

  /** Adds the result of an operation. */
  void add(Engine engine, Operation operation, List<Tensor> operands) {
    Tensor unwritten = unwrittenTarget();
    if (unwritten != null) {
      engine.apply(operation, operands, List.of(unwritten));
      written = true;
    } else if (target != null) {
      engine.accumulate(operation, operands, List.of(target));
    } else if (gradient != null && isOwn()) {
      engine.accumulate(operation, operands, List.of(gradient));
    } else {
      own(engine.apply(operation, operands).getFirst());
    }
  }

  /** Adds a tensor that nobody else holds. */
  void own(Tensor made) {
    Tensor old = gradient;
    if (old == null) {
      gradient = made.detach();
      memory = new Memory(false);
    } else if (isOwn()) {
      made.engine().accumulate(new Convert(made.dtype()), List.of(made), List.of(old));
    } else {
      Tensor sum = made.engine().apply(ADD, List.of(old, made)).getFirst();
      release();
      gradient = sum.detach();
      memory = new Memory(false);
    }
  }

  /** Adds a view of another value's gradient, which both then share. */
  void share(Tensor view, Value other) {
    if (target != null || gradient != null) {
      add(view.engine(), new Convert(view.dtype()), List.of(view));
      return;
    }
    gradient = view.detach();
    memory = other.memory;
    if (memory != null) {
      memory.users++;
    }
  }

  private boolean isOwn() {
    return memory != null && memory.users == 1 && !memory.lent;
  }

  /** Lets the gradient go once all operations that need it have had it. */
  void producerDone() {
    producers--;
    if (producers == 0 && !watched) {
      release();
    }
  }

  void release() {
    if (gradient != null) {
      gradient.close();
      gradient = null;
    }
    if (memory != null) {
      memory.users--;
      memory = null;
    }
  }

  /** Another tensor on the same elements, which outlives scopes. */
  static Tensor view(Tensor x) {
    Operation same =
        x.shape().rank() == 0 ? new Reshape(x.shape()) : new Slice(0, x.shape().dim(0));
    return x.engine().apply(same, List.of(x)).getFirst().detach();
  }
}
