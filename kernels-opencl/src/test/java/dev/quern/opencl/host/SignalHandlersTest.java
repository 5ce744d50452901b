package dev.quern.opencl.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.Engine;
import dev.quern.opencl.OpenClProvider;
import dev.quern.spi.Availability;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Drivers that handle signals themselves must not end a process whose threads are stopped, nor lose
 * a build to a fault or the flight recorder, nor divide Java's integers by zero.
 */
class SignalHandlersTest {
  private static final int SIGSEGV = 11;

  /** SIGQUIT, SIGILL, SIGBUS, SIGFPE, SIGSEGV, SIGUSR2 and SIGXFSZ, as HotSpot handles them. */
  private static final int[] HANDLED = {3, 4, 7, 8, SIGSEGV, 12, 25};

  private static int zero = 0;

  @BeforeEach
  void handlersAreWithinReach() {
    assumeTrue(SignalHandlers.areWithinReach(), "not Linux");
  }

  @Test
  void theVirtualMachineHandlesItsSignalsAfterDriversWereLoadedAndHaveCompiled()
      throws IOException {
    assumeTrue(new OpenClProvider().probe() instanceof Availability.Available, "no OpenCL device");
    assertHandledByTheVirtualMachine();
    try (Engine engine = Engine.open("opencl")) {
      assertEquals(3, engine.tensor(new float[] {1, 2}, 2).sum().item());
    }
    assertHandledByTheVirtualMachine();
  }

  @Test
  void javaDividesByZeroAsBeforeDriversWereLoaded() {
    assumeTrue(new OpenClProvider().probe() instanceof Availability.Available, "no OpenCL device");
    assertThrows(ArithmeticException.class, () -> System.out.println("7 / 0 = " + 7 / zero));
  }

  @Test
  void whatIsPutInBetweenIsTakenBackByTheLastWhoCloses() throws IOException {
    String before = handlerOf(SIGSEGV);
    SignalHandlers first = SignalHandlers.keep();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment own = arena.allocate(256, 16);
      SignalHandlers.sigaction(SIGSEGV, MemorySegment.NULL, own);
      // another flag, as faults must be handled in the meantime; SA_NODEFER
      int flags = own.get(ValueLayout.JAVA_INT, 136);
      own.set(ValueLayout.JAVA_INT, 136, flags | 0x40000000);
      SignalHandlers.sigaction(SIGSEGV, own, MemorySegment.NULL);
      SignalHandlers second = SignalHandlers.keep();
      first.close();
      assertTrue((flags(arena) & 0x40000000) != 0, "closed once");
      second.close();
      assertEquals(flags, flags(arena));
    }
    assertEquals(before, handlerOf(SIGSEGV));
  }

  private static int flags(Arena arena) {
    MemorySegment now = arena.allocate(256, 16);
    SignalHandlers.sigaction(SIGSEGV, MemorySegment.NULL, now);
    return now.get(ValueLayout.JAVA_INT, 136);
  }

  private static void assertHandledByTheVirtualMachine() throws IOException {
    for (int signal : HANDLED) {
      String handler = handlerOf(signal);
      assertTrue(handler.endsWith("libjvm.so"), signal + ": " + handler);
    }
  }

  /** The line of the process's memory map in which a signal's handler lies. */
  private static String handlerOf(int signal) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment action = arena.allocate(256, 16);
      SignalHandlers.sigaction(signal, MemorySegment.NULL, action);
      long handler = action.get(ValueLayout.JAVA_LONG, 0);
      List<String> map = Files.readAllLines(Path.of("/proc/self/maps"));
      return map.stream()
          .filter(line -> contains(line.split("[- ]", 3), handler))
          .findFirst()
          .orElse("nowhere: " + handler);
    }
  }

  private static boolean contains(String[] range, long address) {
    return Long.parseUnsignedLong(range[0], 16) <= address
        && address < Long.parseUnsignedLong(range[1], 16);
  }
}
