package dev.quern.engine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.spi.Backend;
import dev.quern.spi.Operand;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Reads every F32 operand back, what a kernel reads before it and what it writes after it (as
 * {@link dev.quern.spi.Written} says), and stops at the first element that is NaN or infinite.
 * Slow, and for searching only; values that a kernel may ignore count as well.
 */
public final class FiniteCheck {
  private static final int PIECE = 1 << 16;

  private final Backend backend;
  private final float[] piece = new float[PIECE];

  public FiniteCheck(Backend backend) {
    this.backend = backend;
  }

  /**
   * Checks what a kernel reads, before it is called.
   *
   * @throws DataException naming the kernel, the operand and the first element
   */
  public void checkRead(String kernel, List<Operand> spans) {
    for (Operand operand : spans) {
      if (operand.isRead()) {
        check(
            kernel, operand, "came into", "no kernel made it, so it was brought to the device so");
      }
    }
  }

  /**
   * Checks what a kernel wrote, when it was called with operands that passed {@link #checkRead}.
   *
   * @throws DataException naming the kernel, the operand and the first element
   */
  public void checkWritten(String kernel, List<Operand> spans) {
    for (Operand operand : spans) {
      if (operand.isWritten()) {
        check(kernel, operand, "came out of", "what went in was finite");
      }
    }
  }

  private void check(String kernel, Operand named, String way, String why) {
    Span span = named.span();
    if (span.dtype() != DType.F32) {
      return;
    }
    for (long first = 0; first < span.length(); first += PIECE) {
      int n = (int) Math.min(PIECE, span.length() - first);
      MemorySegment target = MemorySegment.ofArray(piece).asSlice(0, JAVA_FLOAT.byteSize() * n);
      backend
          .memory()
          .download(span.buffer(), span.byteOffset() + JAVA_FLOAT.byteSize() * first, target);
      for (int i = 0; i < n; i++) {
        if (!Float.isFinite(piece[i])) {
          throw new DataException(
              "%s (%d elements) %s the kernel %s with %s at element %d: %s."
                  .formatted(named.name(), span.length(), way, kernel, piece[i], first + i, why));
        }
      }
    }
  }
}
