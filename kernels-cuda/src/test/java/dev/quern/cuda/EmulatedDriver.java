package dev.quern.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.cuda.host.Driver;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Assumptions;

/**
 * Has the emulated driver fail, or its blocks run beside each other; tests that use it are skipped
 * on real devices.
 */
final class EmulatedDriver {
  /** The driver's numbers for errors. */
  static final int OUT_OF_MEMORY = 2;

  static final int INVALID_IMAGE = 200;
  static final int NO_BINARY_FOR_GPU = 209;
  static final int ILLEGAL_ADDRESS = 700;
  static final int LAUNCH_OUT_OF_RESOURCES = 701;

  private EmulatedDriver() {}

  /** Skips the test elsewhere than on the emulated devices. */
  static void require() {
    CudaTesting.open().close();
    Assumptions.assumeTrue(isHere(), "A real device would be lost for good.");
  }

  /** Returns whether the devices are the emulated ones. */
  static boolean isHere() {
    return Driver.discover().devices().getFirst().name().equals("emulated device");
  }

  /** Has the next call of a function fail. */
  static void fail(String function, int error) {
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int)
              handle("emulated_failure", arena, ADDRESS, JAVA_INT)
                  .invokeExact(arena.allocateFrom(function), error);
    } catch (Throwable e) {
      throw new AssertionError("The emulated driver cannot be told to fail.", e);
    }
  }

  /** The order in which blocks begin. */
  enum Order {
    SHUFFLED(0),
    ASCENDING(1),
    DESCENDING(2);

    private final int code;

    Order(int code) {
      this.code = code;
    }
  }

  /**
   * Has blocks run beside each other.
   *
   * @param threads how many; 0 for one after another, as usual
   * @param order the order in which they begin
   * @param seed of the order and of the delays
   * @param delayMicroseconds how long a block may be held up before it publishes something
   */
  static void runBlocksBeside(int threads, Order order, long seed, int delayMicroseconds) {
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int)
              handle("emulated_concurrency", arena, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT)
                  .invokeExact(threads, order.code, seed, delayMicroseconds);
    } catch (Throwable e) {
      throw new AssertionError("The emulated driver cannot be told how to run blocks.", e);
    }
  }

  /** Returns how often a block waited for another since the last call. */
  static int takeWaits() {
    try (Arena arena = Arena.ofConfined()) {
      return (int) handle("emulated_waits", arena).invokeExact();
    } catch (Throwable e) {
      throw new AssertionError("The emulated driver cannot be asked.", e);
    }
  }

  /** Returns how often a kernel was launched since the last call. */
  static int takeLaunches(String kernel) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          handle("emulated_launches", arena, ADDRESS).invokeExact(arena.allocateFrom(kernel));
    } catch (Throwable e) {
      throw new AssertionError("The emulated driver cannot be asked.", e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String function, Arena arena, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(
            SymbolLookup.libraryLookup("libcuda.so.1", arena).findOrThrow(function),
            FunctionDescriptor.of(JAVA_INT, arguments));
  }
}
