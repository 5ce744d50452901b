package dev.quern.simd.work;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Work in numbered pieces that any thread may do in any order; what a piece computes depends on its
 * number only.
 */
public abstract class Task {
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  /**
   * {@link #runEach}, called in a way that the compiler cannot inline, as this is no constant.
   * Inlined into what leads to it, from an engine's call down, a short kernel passes the compiler's
   * greatest depth before its vectors end, and takes ten times as long.
   */
  private static MethodHandle runEach = runEach();

  private boolean confined;

  /** Does one piece, numbered from 0. */
  public abstract void run(long piece);

  /** Does the pieces from the first to before the end. */
  final void run(long first, long end) {
    try {
      runEach.invokeExact(this, first, end);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("pieces declare no exception", e);
    }
  }

  /** Not private, so that the static analysis does not take it for unused. */
  final void runEach(long first, long end) {
    for (long piece = first; piece < end; piece++) {
      run(piece);
    }
  }

  private static MethodHandle runEach() {
    try {
      return MethodHandles.lookup()
          .findVirtual(
              Task.class, "runEach", MethodType.methodType(void.class, long.class, long.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Returns a span's memory, and keeps the work on the calling thread if no other may touch it. */
  protected final MemorySegment open(Span span) {
    return open(HostBuffer.segment(span));
  }

  /** The same for memory that is no span's. */
  protected final MemorySegment open(MemorySegment segment) {
    confine(segment);
    return segment;
  }

  /** Keeps the work on the calling thread if no other may touch some memory. */
  protected final void confine(@Nullable MemorySegment segment) {
    confined |= segment != null && !segment.isAccessibleBy(STRANGER);
  }

  /** Tells whether only the calling thread may do the pieces. */
  final boolean isConfined() {
    return confined;
  }
}
