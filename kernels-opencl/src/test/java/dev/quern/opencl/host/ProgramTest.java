package dev.quern.opencl.host;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.opencl.OpenClTesting;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private static final String BROKEN =
      """
      __kernel void whole(const int n) {}
      __kernel void broken(const int n) { nonsense; }
      """;

  @Test
  void showsTheCompilersLogAndTheNumberedSource() {
    try (var context = new Context(OpenClTesting.device())) {
      String message =
          OpenClTesting.failure(
              DeviceException.class, () -> Program.build(context, "broken.cl", BROKEN, "-DX=1"));
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
        var program = Program.build(context, "two.cl", source, "");
        var first = program.kernel("first");
        var second = program.kernel("second");
        var queue = new Queue(context)) {
      queue.launch(first.scalar(1), 1, 1);
      String message =
          OpenClTesting.failure(DeviceException.class, () -> queue.launch(second, 1, 1));
      assertTrue(message.contains("clEnqueueNDRangeKernel for second failed"), message);
      assertTrue(message.contains("CL_INVALID_KERNEL_ARGS"), message);
      assertTrue(message.contains("Enqueued since the last success: first."), message);
      queue.finish();
      message = OpenClTesting.failure(DeviceException.class, () -> queue.launch(second, 1, 1));
      assertTrue(message.contains("No kernel was under way."), message);
    }
  }

  @Test
  void namesAMissingKernel() {
    try (var context = new Context(OpenClTesting.device());
        var program = Program.build(context, "empty.cl", "__kernel void a(int n) {}", "")) {
      String message = OpenClTesting.failure(DeviceException.class, () -> program.kernel("b"));
      assertTrue(message.contains("clCreateKernel for b"), message);
    }
  }
}
