package dev.quern.train;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Takes the error stream back from the launcher's filter. What the virtual machine itself prints
 * while it starts goes through a pipe that drops the line about the incubating Vector API; the true
 * stream is the descriptor named in {@code quern.errors}. From here on it is descriptor 2 again,
 * for Java, native libraries and the virtual machine alike, with the order and the position in the
 * file that it shares with other processes, and the filter ends.
 */
final class ErrorStream {

  private static final int STDERR = 2;

  private ErrorStream() {}

  /** Does nothing when no launcher named a descriptor. */
  static void restore() {
    Integer descriptor = Integer.getInteger("quern.errors");
    if (descriptor == null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    MethodHandle dup2 =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dup2"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      // Where it fails, the filter stays and passes everything on.
      int _ = (int) dup2.invokeExact(descriptor.intValue(), STDERR);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
