package dev.quern.cuda.host;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DeviceException;
import dev.quern.cuda.CudaTesting;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a failing kernel does to the engines on its device; on the emulated device only. */
class ContextTest {
  private static final Signature FAULT = SignatureTest.signature("emulated_fault", "int unused;");

  private static final Signature FILL =
      SignatureTest.signature("fill_u8", "unsigned char *out; long long n; unsigned char value;");

  @BeforeEach
  void needsTheEmulatedDevice() {
    CudaTesting.open().close();
    Assumptions.assumeTrue(
        device().name().equals("emulated device"), "A real device would be lost for good.");
  }

  @Test
  void aStickyErrorLosesEveryEngineOnTheDeviceAndClosingWorks() {
    try (var context = new Context(device());
        var other = new Context(device());
        var queue = new Queue(context);
        var otherQueue = new Queue(other);
        var module = new Module(context, "faults", new byte[8])) {
      Buffer buffer = context.allocate(100);
      fill(module, queue, buffer).enqueue(1);
      queue.finish();
      module.kernel(FAULT, queue, 256).scalar(0).enqueue(1);
      String first = CudaTesting.failure(DeviceException.class, queue::finish);
      assertTrue(first.contains("cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS"), first);
      assertTrue(first.contains("Enqueued since the last success: emulated_fault."), first);
      assertTrue(first.contains("-Dquern.sync=true"), first);
      assertRepeats(first, () -> context.allocate(1));
      assertRepeats(first, queue::finish);
      assertRepeats(first, otherQueue::finish);
      buffer.close();
    }
    try (var fresh = new Context(device());
        var queue = new Queue(fresh)) {
      queue.finish();
    }
  }

  @Test
  void namesTheCulpritWhenEachKernelIsWaitedFor() {
    System.setProperty("quern.sync", "true");
    try (var context = new Context(device());
        var queue = new Queue(context);
        var module = new Module(context, "faults", new byte[8])) {
      Buffer buffer = context.allocate(100);
      fill(module, queue, buffer).enqueue(1);
      Kernel fault = module.kernel(FAULT, queue, 256).scalar(0);
      String message = CudaTesting.failure(DeviceException.class, () -> fault.enqueue(1));
      assertTrue(message.contains("Enqueued since the last success: emulated_fault."), message);
      buffer.close();
    } finally {
      System.clearProperty("quern.sync");
    }
  }

  @Test
  void refusesArgumentsThatDoNotFitTheStructure() {
    try (var context = new Context(device());
        var queue = new Queue(context);
        var module = new Module(context, "faults", new byte[8])) {
      Kernel kernel = module.kernel(FILL, queue, 256);
      String message = CudaTesting.failure(IllegalStateException.class, () -> kernel.scalar(1L));
      assertTrue(
          message.equals("Kernel fill_u8 was given INT64 for its argument out, which is POINTER."),
          message);
      message = CudaTesting.failure(IllegalStateException.class, () -> kernel.enqueue(1));
      assertTrue(message.contains("fill_u8 was launched without its argument out"), message);
      Launch restarted = kernel.tensorOrNull(null).restart();
      message = CudaTesting.failure(IllegalStateException.class, () -> restarted.enqueue(1));
      assertTrue(message.contains("fill_u8 was launched without its argument out"), message);
      message =
          CudaTesting.failure(
              DeviceException.class,
              () -> module.kernel(SignatureTest.signature("no_such_kernel", ""), queue, 256));
      assertTrue(message.contains("cuModuleGetFunction for no_such_kernel failed"), message);
    }
  }

  private static Kernel fill(Module module, Queue queue, Buffer buffer) {
    Span all = Span.of(buffer, DType.U8, 100);
    return module.kernel(FILL, queue, 256).tensor(all).scalar(100L).scalar((byte) 1);
  }

  private static void assertRepeats(String first, Runnable call) {
    String later = CudaTesting.failure(DeviceException.class, call::run);
    assertTrue(later.startsWith("The device was lost earlier"), later);
    assertTrue(later.endsWith(first), later);
  }

  private static Device device() {
    return Driver.discover().devices().getFirst();
  }
}
