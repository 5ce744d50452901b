package dev.quern.opencl.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.opencl.OpenClTesting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {
  private static final String BROKEN =
      """
      __kernel void whole(const int n) {}
      __kernel void broken(const int n) { nonsense; }
      """;

  private static final String SOURCE = "__kernel void one(__global int *x) { x[0] = 1; }";

  private Path folder;
  private BinaryCache cache;

  @BeforeEach
  void makeCache(@TempDir Path temporary) {
    folder = temporary.resolve("cache");
    cache = new BinaryCache(folder);
  }

  @Test
  void showsTheCompilersLogAndTheNumberedSource() {
    try (var context = new Context(OpenClTesting.device())) {
      String message =
          OpenClTesting.failure(
              DeviceException.class,
              () -> Program.build(context, cache, "broken.cl", BROKEN, "-DX=1"));
      assertTrue(message.contains("clBuildProgram for broken.cl with -DX=1"));
      assertTrue(message.contains("'nonsense'"), message);
      assertTrue(message.contains("   2  __kernel void broken"), message);
    }
  }

  @Test
  void namesTheCallTheErrorAndTheKernelsUnderWay() {
    String source =
        """
        __kernel void first(const int n) {}
        __kernel void second(const int n) {}
        """;
    try (var context = new Context(OpenClTesting.device());
        var program = Program.build(context, cache, "two.cl", source, "");
        var queue = new Queue(context);
        var first = program.kernel("first", queue, 1);
        var second = program.kernel("second", queue, 1)) {
      first.scalar(1).enqueue(1);
      String message = OpenClTesting.failure(DeviceException.class, () -> second.enqueue(1));
      assertTrue(message.contains("clEnqueueNDRangeKernel for second failed"), message);
      assertTrue(message.contains("CL_INVALID_KERNEL_ARGS"), message);
      assertTrue(message.contains("Enqueued since the last success: first."), message);
      queue.finish();
      message = OpenClTesting.failure(DeviceException.class, () -> second.enqueue(1));
      assertTrue(message.contains("No kernel was under way."), message);
    }
  }

  @Test
  void argumentsThatWereNeverEnqueuedAreForgotten() {
    String source = "__kernel void mixed(const long a, const int b) {}";
    try (var context = new Context(OpenClTesting.device());
        var program = Program.build(context, cache, "mixed.cl", source, "");
        var queue = new Queue(context);
        var kernel = program.kernel("mixed", queue, 1)) {
      kernel.scalar(1L);
      kernel.restart().scalar(1L).scalar(2).enqueue(1);
      queue.finish();
    }
  }

  @Test
  void namesAMissingKernel() {
    try (var context = new Context(OpenClTesting.device());
        var program = Program.build(context, cache, "empty.cl", "__kernel void a(int n) {}", "");
        var queue = new Queue(context)) {
      String message =
          OpenClTesting.failure(DeviceException.class, () -> program.kernel("b", queue, 1));
      assertTrue(message.contains("clCreateKernel for b"), message);
    }
  }

  @Test
  void waitsForEachKernelWhenAskedTo() {
    System.setProperty("quern.sync", "true");
    try (var context = new Context(OpenClTesting.device());
        var program = Program.build(context, cache, "one.cl", "__kernel void a(int n) {}", "");
        var queue = new Queue(context);
        var kernel = program.kernel("a", queue, 1);
        var tooLarge = program.kernel("a", queue, 1 << 30)) {
      kernel.scalar(1).enqueue(1);
      String message =
          OpenClTesting.failure(DeviceException.class, () -> tooLarge.scalar(1).enqueue(1));
      assertTrue(message.contains("No kernel was under way."), message);
    } finally {
      System.clearProperty("quern.sync");
    }
  }

  @Test
  void compilesAnewWhatTheDriverRefuses() {
    byte[] binary = {1, 2, 3};
    Device device = OpenClTesting.device();
    String key = Program.key(device, "", SOURCE);
    try (var context = new Context(device);
        var queue = new Queue(context)) {
      cache.store(key, binary);
      Program.build(context, cache, "one.cl", SOURCE, "").close();
      byte[] compiled = cache.load(key);
      assertNotEquals(binary.length, compiled == null ? 0 : compiled.length);
      try (var again = Program.build(context, cache, "one.cl", SOURCE, "");
          var kernel = again.kernel("one", queue, 1)) {
        assertEquals("one", kernel.name());
      }
    }
  }

  /** Cut short, overwritten, empty, and whole but of something else. */
  @Test
  void compilesAnewWhatIsSpoilt() throws IOException {
    Device device = OpenClTesting.device();
    Path file = folder.resolve(Program.key(device, "", SOURCE));
    try (var context = new Context(device);
        var queue = new Queue(context)) {
      Program.build(context, cache, "one.cl", SOURCE, "").close();
      byte[] whole = Files.readAllBytes(file);
      byte[] flipped = whole.clone();
      flipped[whole.length / 2] ^= 1;
      for (byte[] spoilt :
          List.of(Arrays.copyOf(whole, whole.length / 2), flipped, new byte[0], new byte[1000])) {
        Files.write(file, spoilt);
        try (var program = Program.build(context, cache, "one.cl", SOURCE, "");
            var kernel = program.kernel("one", queue, 1)) {
          assertEquals("one", kernel.name());
        }
        // a compiler need not write the same bytes twice
        assertTrue(Files.size(file) > 1000);
      }
    }
  }

  @Test
  void namesCompiledFormsByAllTheyDependOn() {
    Device device = OpenClTesting.device();
    assertNotEquals(Program.key(device, "-DA=1", SOURCE), Program.key(device, "-DA=2", SOURCE));
    assertNotEquals(Program.key(device, "", SOURCE), Program.key(device, "", ""));
  }
}
