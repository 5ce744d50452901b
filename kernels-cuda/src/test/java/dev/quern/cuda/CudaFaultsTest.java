package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.BackendUnavailableException;
import dev.quern.DType;
import dev.quern.DeviceException;
import dev.quern.Engine;
import dev.quern.MemoryStatistics;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.Shape;
import dev.quern.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What users see when the driver refuses, and what works afterwards. */
class CudaFaultsTest {
  private static final long GIB = 1L << 30;

  @BeforeEach
  void needsTheEmulatedDevices() {
    EmulatedDriver.require();
  }

  @Test
  void opensDevicesByTheirNumber() {
    try (Engine first = Engine.open("cuda:0");
        Engine second = Engine.open("cuda:1")) {
      assertEquals("cuda:1", second.device().id());
      Tensor a = first.tensor(new float[] {1, 2}, 2);
      Tensor b = second.tensor(new float[] {3, 4}, 2);
      assertArrayEquals(new float[] {2, 4}, a.add(a).toFloatArray());
      assertArrayEquals(new float[] {6, 8}, b.add(b).toFloatArray());
      String message = CudaTesting.failure(RuntimeException.class, () -> a.add(b));
      assertTrue(message.contains("cuda:0") && message.contains("cuda:1"), message);
    }
    String message =
        CudaTesting.failure(BackendUnavailableException.class, () -> Engine.open("cuda:2"));
    assertEquals(
        "Backend 'cuda' has no device 2; it has: cuda:0 (emulated device), cuda:1 (emulated"
            + " device).",
        message);
  }

  @Test
  void saysWhatWasAskedForAndWhatIsHeldWhenMemoryRunsOut() {
    try (Engine engine = Engine.open("cuda:1")) {
      Tensor held = bytes(engine, 2 * GIB);
      String message =
          CudaTesting.failure(OutOfDeviceMemoryException.class, () -> bytes(engine, 3 * GIB));
      assertTrue(message.startsWith("Device cuda:1 has no 3221225472 bytes left: "), message);
      MemoryStatistics now = engine.memory();
      assertTrue(message.contains(now.live() + " are held by tensors"), message);
      assertTrue(message.contains(now.reserved() + " are reserved"), message);
      assertUsable(engine);
      held.close();
      bytes(engine, 3 * GIB).close();
    }
  }

  @Test
  void givesKeptBlocksBackBeforeItRefuses() {
    try (Engine engine = Engine.open("cuda")) {
      bytes(engine, 3 * GIB).close();
      assertTrue(engine.memory().reserved() >= 3 * GIB);
      bytes(engine, 2 * GIB).close();
      assertTrue(engine.memory().reserved() < 3 * GIB);
      EmulatedDriver.fail("cuMemAlloc_v2", EmulatedDriver.OUT_OF_MEMORY);
      bytes(engine, GIB).close();
    }
  }

  @Test
  void aLostDeviceLosesItsEnginesAndNoOthers() {
    Engine lost = Engine.open("cuda:0");
    Engine neighbour = Engine.open("cuda:0");
    try (Engine other = Engine.open("cuda:1")) {
      Tensor x = lost.tensor(new float[] {1}, 1);
      Tensor _ = x.add(x);
      EmulatedDriver.fail("cuStreamSynchronize", EmulatedDriver.ILLEGAL_ADDRESS);
      String first = CudaTesting.failure(DeviceException.class, lost::synchronize);
      assertTrue(first.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), first);
      assertTrue(first.contains("Enqueued since the last success: "), first);
      assertTrue(first.contains("add"), first);
      for (Engine engine : new Engine[] {lost, neighbour, lost}) {
        String later =
            CudaTesting.failure(DeviceException.class, () -> engine.tensor(new float[] {1}, 1));
        assertTrue(later.startsWith("The device was lost earlier"), later);
        assertTrue(later.endsWith(first), later);
      }
      String opened = CudaTesting.failure(DeviceException.class, () -> Engine.open("cuda:0"));
      assertTrue(opened.endsWith(first), opened);
      assertUsable(other);
    }
    lost.close();
    neighbour.close();
    try (Engine again = Engine.open("cuda:0")) {
      assertUsable(again);
    }
  }

  @Test
  void aRefusedLaunchLeavesTheEngineUsable() {
    try (Engine engine = Engine.open("cuda")) {
      Tensor x = engine.tensor(new float[] {1}, 1);
      EmulatedDriver.fail("cuLaunchKernel", EmulatedDriver.LAUNCH_OUT_OF_RESOURCES);
      String message = CudaTesting.failure(DeviceException.class, () -> x.add(x));
      assertTrue(
          message.startsWith(
              "CUDA's cuLaunchKernel for add failed: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES."),
          message);
      assertUsable(engine);
    }
  }

  @Test
  void aRefusedImageNamesTheRemedy() {
    try (Engine engine = Engine.open("cuda")) {
      Tensor x = engine.tensor(new float[] {1}, 1);
      EmulatedDriver.fail("cuModuleLoadData", EmulatedDriver.NO_BINARY_FOR_GPU);
      String message = CudaTesting.failure(DeviceException.class, x::sum);
      assertTrue(message.contains("CUDA_ERROR_NO_BINARY_FOR_GPU"), message);
      assertTrue(message.contains("-Dquern.cuda.nvrtc=true"), message);
      assertEquals(1, x.sum().item());
    }
  }

  @Test
  void anEngineThatDoesNotOpenLeavesNothingBehind() {
    EmulatedDriver.fail("cuMemAllocHost_v2", EmulatedDriver.OUT_OF_MEMORY);
    String message =
        CudaTesting.failure(OutOfDeviceMemoryException.class, () -> Engine.open("cuda"));
    assertTrue(message.contains("that could be pinned: raise"), message);
    EmulatedDriver.fail("cuDevicePrimaryCtxRetain", EmulatedDriver.OUT_OF_MEMORY);
    message = CudaTesting.failure(OutOfDeviceMemoryException.class, () -> Engine.open("cuda"));
    assertTrue(message.contains("cuDevicePrimaryCtxRetain failed"), message);
    // the first kernel runs while an engine opens; the context would stay lost if it were kept
    EmulatedDriver.fail("cuLaunchKernel", EmulatedDriver.ILLEGAL_ADDRESS);
    message = CudaTesting.failure(DeviceException.class, () -> Engine.open("cuda"));
    assertTrue(message.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), message);
    try (Engine engine = Engine.open("cuda")) {
      assertUsable(engine);
    }
  }

  private static Tensor bytes(Engine engine, long bytes) {
    return engine.empty(DType.U8, Shape.of(bytes));
  }

  private static void assertUsable(Engine engine) {
    try (Tensor x = engine.tensor(new float[] {1, 2}, 2);
        Tensor sum = x.add(x)) {
      assertArrayEquals(new float[] {2, 4}, sum.toFloatArray());
    }
  }
}
