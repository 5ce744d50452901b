package dev.quern.opencl.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Keeps the virtual machine's handlers of signals while a driver may put its own in their place.
 *
 * <p>HotSpot stops its threads by faults that it handles itself. Drivers on LLVM, such as PoCL,
 * install handlers that are good for one fault: until the first has put the virtual machine's back,
 * the fault of a second thread ends the process. By SIGUSR2 HotSpot looks into running threads, for
 * the flight recorder for example; LLVM's handler takes it for the process's end, and deletes the
 * files that a build under way is writing, which then fails. LLVM installs its handlers once, so
 * afterwards it leaves alone what is put back. Only on Linux, and only where native access is
 * enabled for this module.
 */
final class SignalHandlers implements AutoCloseable {
  /** SIGILL, SIGBUS, SIGSEGV and SIGUSR2, numbered alike on x86-64 and AArch64. */
  private static final int[] SIGNALS = {4, 7, 11, 12};

  /** More bytes than {@code struct sigaction} has in any C library. */
  private static final long STRUCTURE_BYTES = 256;

  private static final Object LOCK = new Object();

  /** The handlers that will be put back, one structure after the other. */
  private static final MemorySegment KEPT =
      Arena.global().allocate(STRUCTURE_BYTES * SIGNALS.length, 16);

  private static int users;

  private SignalHandlers() {}

  /** Remembers the handlers until the last who asked for it closes. */
  static SignalHandlers keep() {
    synchronized (LOCK) {
      if (users++ == 0 && areWithinReach()) {
        for (int i = 0; i < SIGNALS.length; i++) {
          sigaction(SIGNALS[i], MemorySegment.NULL, kept(i));
        }
      }
    }
    return new SignalHandlers();
  }

  @Override
  public void close() {
    synchronized (LOCK) {
      if (--users == 0 && areWithinReach()) {
        for (int i = 0; i < SIGNALS.length; i++) {
          sigaction(SIGNALS[i], kept(i), MemorySegment.NULL);
        }
      }
    }
  }

  /** Whether the C library may be called: on Linux, without a warning on the user's console. */
  static boolean areWithinReach() {
    return System.getProperty("os.name", "").equals("Linux")
        && SignalHandlers.class.getModule().isNativeAccessEnabled();
  }

  private static MemorySegment kept(int index) {
    return KEPT.asSlice(index * STRUCTURE_BYTES, STRUCTURE_BYTES);
  }

  /** The C library's function; a signal that it refuses keeps its handler. */
  static void sigaction(int signal, MemorySegment next, MemorySegment before) {
    try {
      int _ = (int) Calls.SIGACTION.invokeExact(signal, next, before);
    } catch (Throwable e) {
      throw new AssertionError("sigaction throws nothing", e);
    }
  }

  /** Looked up only where it may be called. */
  private static final class Calls {
    static final MethodHandle SIGACTION =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("sigaction"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  }
}
