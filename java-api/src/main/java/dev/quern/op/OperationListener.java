package dev.quern.op;

import dev.quern.Engine;
import dev.quern.Tensor;
import java.util.List;

/** Hears of the operations that a thread applies, once {@link Engine#listen} was called with it. */
@FunctionalInterface
public interface OperationListener {
  /** What an operation's results have become. */
  enum Outcome {
    /** New tensors. */
    MADE,
    /** The new content of tensors that were there. */
    WRITTEN,
    /** A part of the content of tensors that were there. */
    ADDED
  }

  /** The time in which a listener hears of operations. */
  interface Registration extends AutoCloseable {
    /** Ends it; idempotent. */
    @Override
    void close();
  }

  /**
   * Is called after an operation was enqueued.
   *
   * @param operation the operation
   * @param inputs what it was applied to
   * @param outputs the tensors with its results, not yet seen by whoever applied it
   * @param outcome what the results have become
   */
  void applied(Operation operation, List<Tensor> inputs, List<Tensor> outputs, Outcome outcome);
}
