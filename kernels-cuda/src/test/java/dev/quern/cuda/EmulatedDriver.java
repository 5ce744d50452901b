package dev.quern.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.cuda.host.Driver;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Assumptions;

/** Has the emulated driver fail; tests that use it are skipped on real devices. */
final class EmulatedDriver {
  /** The driver's numbers for errors. */
  static final int OUT_OF_MEMORY = 2;

  static final int NO_BINARY_FOR_GPU = 209;
  static final int ILLEGAL_ADDRESS = 700;
  static final int LAUNCH_OUT_OF_RESOURCES = 701;

  private EmulatedDriver() {}

  /** Skips the test elsewhere than on the emulated devices. */
  static void require() {
    CudaTesting.open().close();
    Assumptions.assumeTrue(
        Driver.discover().devices().getFirst().name().equals("emulated device"),
        "A real device would be lost for good.");
  }

  /** Has the next call of a function fail. */
  @SuppressWarnings("restricted")
  static void fail(String function, int error) {
    try (Arena arena = Arena.ofConfined()) {
      var handle =
          Linker.nativeLinker()
              .downcallHandle(
                  SymbolLookup.libraryLookup("libcuda.so.1", arena).findOrThrow("emulated_failure"),
                  FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
      int _ = (int) handle.invokeExact(arena.allocateFrom(function), error);
    } catch (Throwable e) {
      throw new AssertionError("The emulated driver cannot be told to fail.", e);
    }
  }
}
