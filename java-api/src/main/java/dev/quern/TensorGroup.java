package dev.quern;

import java.util.List;

/** A result that holds several tensors; {@link Engine#scoped} keeps all of them. */
public interface TensorGroup {
  /**
   * Returns the tensors it holds.
   *
   * @return the tensors
   */
  List<Tensor> tensors();
}
