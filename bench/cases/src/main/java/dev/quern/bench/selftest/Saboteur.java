package dev.quern.bench.selftest;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Interceptor;
import dev.quern.spi.Operand;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes every kernel family of a backend a little wrong: after each call the first and the last
 * element of one result are changed. Checks that pass on it prove nothing, so {@code selftest
 * --sabotage} and a test demand a failure in every family.
 */
final class Saboteur implements Interceptor {
  private final DeviceMemory memory;

  private Saboteur(DeviceMemory memory) {
    this.memory = memory;
  }

  /** Makes a backend wrong. */
  static Backend spoil(Backend sound) {
    return new Saboteur(sound.memory()).before(sound);
  }

  @Override
  public @Nullable Object around(Call call) throws Throwable {
    Object result = call.proceed();
    if (call.isKernel()) {
      result(call.operands()).ifPresent(operand -> perturb(operand.span()));
    }
    return result;
  }

  /**
   * One result of a kernel, so that a check of another cannot notice for it: the last of what it
   * made, a gradient after a value, or, if it only went on with something, the first of that.
   */
  private static Optional<Operand> result(List<Operand> operands) {
    List<Operand> written = operands.stream().filter(Operand::isWritten).toList();
    List<Operand> made = written.stream().filter(operand -> !operand.isRead()).toList();
    return made.isEmpty() ? written.stream().findFirst() : Optional.of(made.getLast());
  }

  private void perturb(Span span) {
    if (span.length() > 0) {
      perturb(span, 0);
      if (span.length() > 1) {
        perturb(span, span.length() - 1);
      }
    }
  }

  /** Changes F32 by a thousandth of itself and a thousandth, I64 by 1, others in a bit. */
  private void perturb(Span span, long index) {
    long at = span.byteOffset() + index * span.dtype().bytes();
    MemorySegment element = MemorySegment.ofArray(new byte[span.dtype().bytes()]);
    memory.download(span.buffer(), at, element);
    if (span.dtype() == DType.F32) {
      float value = element.get(JAVA_FLOAT_UNALIGNED, 0);
      element.set(JAVA_FLOAT_UNALIGNED, 0, value * 1.001f + 1e-3f);
    } else if (span.dtype() == DType.I64) {
      // counts grow, over several calls, and must not lose again what they were given too much
      element.set(JAVA_LONG_UNALIGNED, 0, element.get(JAVA_LONG_UNALIGNED, 0) + 1);
    } else {
      element.set(JAVA_BYTE, 0, (byte) (element.get(JAVA_BYTE, 0) ^ 1));
    }
    memory.upload(element, span.buffer(), at);
  }
}
