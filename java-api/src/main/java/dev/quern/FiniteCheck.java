package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.Observation.NamedSpan;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;

/**
 * Reads every F32 operand back after each kernel and stops at the first element that is NaN or
 * infinite. Slow, and for searching only; values that a kernel may ignore count as well.
 */
final class FiniteCheck {
  /** What kernels write; other operands they only read. */
  private static final Set<String> WRITTEN =
      Set.of("out", "data", "value", "gradient", "parameters", "expAvg", "expAvgSq", "control");

  private static final int PIECE = 1 << 16;

  private final Backend backend;
  private final float[] piece = new float[PIECE];

  FiniteCheck(Backend backend) {
    this.backend = backend;
  }

  /**
   * Checks the operands of a kernel that was just called.
   *
   * @throws DataException naming the kernel, the operand and the first element
   */
  void check(String kernel, List<NamedSpan> spans) {
    // what came in so explains what went out
    for (NamedSpan input : spans) {
      if (!isWritten(input, spans)) {
        check(kernel, input, "came into", "no kernel made it, so it was brought to the device so");
      }
    }
    for (NamedSpan result : spans) {
      if (isWritten(result, spans)) {
        check(kernel, result, "came out of", "what went in was finite");
      }
    }
  }

  /** Whether it is written, by its own name or because a result shares its memory. */
  private static boolean isWritten(NamedSpan span, List<NamedSpan> spans) {
    return spans.stream()
        .anyMatch(other ->
            WRITTEN.contains(other.name())
                && other.span().buffer().equals(span.span().buffer())
                && other.span().byteOffset() == span.span().byteOffset());
  }

  private void check(String kernel, NamedSpan named, String way, String why) {
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
