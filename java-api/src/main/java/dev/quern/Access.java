package dev.quern;

/** What a kernel may do with host memory lent to an engine by {@link Engine#borrow}. */
public enum Access {
  /** The memory is only read. */
  READ,
  /** The memory is read and written; what was written is visible when the scope closes. */
  READ_WRITE
}
