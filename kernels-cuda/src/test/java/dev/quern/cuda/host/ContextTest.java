package dev.quern.cuda.host;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.cuda.CudaTesting;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a failing kernel does to the engines on its device; on the emulated device only. */
class ContextTest {
  private static final Signature FAULT = Signature.of("emulated_fault", Signature.int32("unused"));

  private static final Signature FILL =
      Signature.of(
          "fill_u8", Signature.pointer("out"), Signature.int64("n"), Signature.u8("value"));

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
      queue.launch(module.kernel(FILL).pointer(buffer, 0).scalar(100L).scalar((byte) 1), 1, 256);
      queue.finish();
      queue.launch(module.kernel(FAULT).scalar(0), 1, 256);
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
      Kernel fill = module.kernel(FILL).pointer(buffer, 0).scalar(100L).scalar((byte) 1);
      queue.launch(fill, 1, 256);
      Kernel fault = module.kernel(FAULT).scalar(0);
      String message =
          CudaTesting.failure(DeviceException.class, () -> queue.launch(fault, 1, 256));
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
      Kernel kernel = module.kernel(FILL);
      String message = CudaTesting.failure(IllegalStateException.class, () -> kernel.scalar(1L));
      assertTrue(message.startsWith("Argument 0 of kernel fill_u8"), message);
      message =
          CudaTesting.failure(IllegalStateException.class, () -> queue.launch(kernel, 1, 256));
      assertTrue(message.contains("without its argument"), message);
      message =
          CudaTesting.failure(
              DeviceException.class, () -> module.kernel(Signature.of("no_such_kernel")));
      assertTrue(message.contains("cuModuleGetFunction for no_such_kernel failed"), message);
    }
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
