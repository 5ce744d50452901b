package dev.quern.opencl.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the virtual machine's handlers of signals while a driver may put its own in their place.
 *
 * <p>HotSpot handles faults: it stops its threads by them, and finds null references and integer
 * divisions by zero. Drivers on LLVM, such as PoCL, install handlers that are good for one signal.
 * They take it for the process's end and delete the files that a build under way is writing, which
 * then fails; until the first has put the virtual machine's back, the fault of a second thread ends
 * the process. SIGUSR2, by which the flight recorder looks into running threads, and SIGQUIT, which
 * asks for a thread dump, go the same way. PoCL's own handler of SIGFPE skips the division, so that
 * Java's 7 / 0 would be 7.
 *
 * <p>Both install theirs once, so afterwards they leave alone what is put back. Between the two
 * lies a moment in which a fault still finds the driver's handler, and after which LLVM installs
 * its own anew; so a thread looks every tenth of a millisecond, rather than once at the end of a
 * build that takes seconds. Only on Linux.
 */
final class SignalHandlers implements AutoCloseable {
  /**
   * SIGQUIT, SIGILL, SIGBUS, SIGFPE, SIGSEGV, SIGUSR2 and SIGXFSZ: what HotSpot leaves nobody else,
   * numbered alike on x86-64 and AArch64.
   */
  private static final int[] SIGNALS = {3, 4, 7, 8, 11, 12, 25};

  /** More bytes than {@code struct sigaction} has in any C library. */
  private static final long STRUCTURE_BYTES = 256;

  private static final long LOOK_NANOS = 100_000;

  private static final @Nullable MethodHandle SIGACTION = find();

  private static final Object LOCK = new Object();

  /** The handlers that will be put back, one structure after the other. */
  private static final MemorySegment KEPT =
      Arena.global().allocate(STRUCTURE_BYTES * SIGNALS.length, 16);

  private static final MemorySegment NOW = Arena.global().allocate(STRUCTURE_BYTES, 16);

  private static int users;
  private static @Nullable Thread watch;

  private SignalHandlers() {}

  /** Remembers the handlers until the last who asked for it closes. */
  static SignalHandlers keep() {
    synchronized (LOCK) {
      if (users == 0 && areWithinReach()) {
        for (int i = 0; i < SIGNALS.length; i++) {
          sigaction(SIGNALS[i], MemorySegment.NULL, kept(i));
        }
        watch = Thread.ofPlatform().daemon().name("quern-signals").start(SignalHandlers::watch);
      }
      users++;
    }
    return new SignalHandlers();
  }

  @Override
  public void close() {
    synchronized (LOCK) {
      if (--users == 0 && areWithinReach()) {
        watch = null;
        for (int i = 0; i < SIGNALS.length; i++) {
          sigaction(SIGNALS[i], kept(i), MemorySegment.NULL);
        }
      }
    }
  }

  /** Puts back what was replaced, for as long as somebody keeps the handlers. */
  private static void watch() {
    while (putBackWhatWasReplaced()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static boolean putBackWhatWasReplaced() {
    synchronized (LOCK) {
      if (watch != Thread.currentThread()) {
        return false;
      }
      for (int i = 0; i < SIGNALS.length; i++) {
        sigaction(SIGNALS[i], MemorySegment.NULL, NOW);
        // the handler comes first in the structure
        if (NOW.get(JAVA_LONG, 0) != kept(i).get(JAVA_LONG, 0)) {
          sigaction(SIGNALS[i], kept(i), MemorySegment.NULL);
        }
      }
      return true;
    }
  }

  /** Tells whether handlers are kept here. */
  static boolean areWithinReach() {
    return SIGACTION != null;
  }

  private static MemorySegment kept(int index) {
    return KEPT.asSlice(index * STRUCTURE_BYTES, STRUCTURE_BYTES);
  }

  /** The C library's function; a signal that it refuses keeps its handler. */
  static void sigaction(int signal, MemorySegment next, MemorySegment before) {
    try {
      int _ = (int) Objects.requireNonNull(SIGACTION).invokeExact(signal, next, before);
    } catch (Throwable e) {
      throw new AssertionError("sigaction throws nothing", e);
    }
  }

  @SuppressWarnings("restricted")
  private static @Nullable MethodHandle find() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("sigaction"),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  }
}
