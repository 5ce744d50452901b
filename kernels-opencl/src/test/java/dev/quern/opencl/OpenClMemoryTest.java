package dev.quern.opencl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.OutOfDeviceMemoryException;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenClMemoryTest {
  private static final long SEED = 3;

  private Backend backend;
  private DeviceMemory memory;

  @BeforeEach
  void open() {
    backend = OpenClTesting.open();
    memory = backend.memory();
  }

  @AfterEach
  void close() {
    if (backend != null) {
      backend.close();
    }
  }

  /** The largest sizes pass through the ring of pinned memory in pieces, more than once round. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 65, 4093, (4 << 20) - 1, (4 << 20) + 1, (37 << 20) + 5})
  void bringsBackWhatWasUploaded(int bytes) {
    byte[] data = random(bytes);
    DeviceBuffer buffer = memory.allocate(bytes + 13);
    memory.upload(MemorySegment.ofArray(data), buffer, 13);
    byte[] back = new byte[bytes];
    memory.download(buffer, 13, MemorySegment.ofArray(back));
    assertArrayEquals(data, back);
    memory.release(buffer);
  }

  @Test
  void takesHeapAndNativeMemoryOfEveryKind() {
    DeviceBuffer buffer = memory.allocate(64);
    float[] floats = {1, 2, 3};
    memory.upload(MemorySegment.ofArray(floats).asReadOnly(), buffer, 0);
    memory.upload(MemorySegment.ofArray(new long[] {4}), buffer, 16);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(24, 8);
      memory.download(buffer, 0, target);
      float[] back = new float[3];
      memory.download(buffer, 0, MemorySegment.ofArray(back));
      assertArrayEquals(floats, back);
      assertEquals(4, target.get(JAVA_BYTE, 16));
    }
  }

  @Test
  void letsTheSourceBeReusedAtOnce() {
    byte[] source = new byte[1 << 16];
    DeviceBuffer[] buffers = new DeviceBuffer[400];
    for (int i = 0; i < buffers.length; i++) {
      MemorySegment.ofArray(source).fill((byte) i);
      buffers[i] = memory.allocate(source.length);
      memory.upload(MemorySegment.ofArray(source), buffers[i], 0);
    }
    byte[] back = new byte[source.length];
    for (int i = 0; i < buffers.length; i++) {
      memory.download(buffers[i], 0, MemorySegment.ofArray(back));
      assertEquals((byte) i, back[0]);
      assertEquals((byte) i, back[back.length - 1]);
    }
  }

  @Test
  void downloadsLater() {
    byte[] data = random(1001);
    DeviceBuffer buffer = memory.allocate(data.length);
    memory.upload(MemorySegment.ofArray(data), buffer, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(data.length - 1);
      PendingDownload pending = memory.downloadLater(buffer, 1, target);
      memory.upload(MemorySegment.ofArray(new byte[data.length]), buffer, 0);
      pending.await();
      pending.await();
      assertEquals(-1, MemorySegment.ofArray(data).asSlice(1).mismatch(target));
    }
  }

  /** Threads cost a hand-over, and some drivers cannot be called from two. */
  @Test
  void transfersStartNoThread() {
    List<String> lines = ChildProcess.run("transfers", Map.of(), ChildProcess.NATIVE_ACCESS);
    assertEquals(List.of("opencl:0 computes [2.0, 4.0]", "later 0.0, of 1000"), lines);
  }

  /** In a process of its own, which a wrong event ends. */
  @Test
  void valuesReadLaterAreRightWhileAnotherThreadUploads() {
    List<String> lines =
        ChildProcess.run("reads beside uploads", Map.of(), ChildProcess.NATIVE_ACCESS);
    assertEquals(List.of("0 wrong"), lines);
  }

  @Test
  void copiesWithinTheDevice() {
    byte[] data = random(501);
    DeviceBuffer from = memory.allocate(data.length);
    DeviceBuffer to = memory.allocate(data.length);
    memory.upload(MemorySegment.ofArray(data), from, 0);
    memory.upload(MemorySegment.ofArray(new byte[data.length]), to, 0);
    memory.copy(from, 3, to, 5, 400);
    memory.copy(from, 0, to, 0, 0);
    byte[] back = new byte[data.length];
    memory.download(to, 0, MemorySegment.ofArray(back));
    byte[] expected = new byte[data.length];
    System.arraycopy(data, 3, expected, 5, 400);
    assertArrayEquals(expected, back);
  }

  @Test
  void saysWhatIsThereWhenMemoryRunsOut() {
    long tooMuch = 1L << 50;
    String message =
        OpenClTesting.failure(OutOfDeviceMemoryException.class, () -> memory.allocate(tooMuch));
    assertTrue(message.contains(" has no block of " + tooMuch), message);
    memory.release(memory.allocate(64));
    backend.synchronize();
  }

  private static byte[] random(int bytes) {
    byte[] data = new byte[bytes];
    new Random(SEED).nextBytes(data);
    return data;
  }
}
