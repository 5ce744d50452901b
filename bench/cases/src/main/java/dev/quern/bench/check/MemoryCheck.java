package dev.quern.bench.check;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.quern.OutOfDeviceMemoryException;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Checks on one device that blocks of memory and the copies between them and the host hold. */
public final class MemoryCheck {
  public static final String SUITE = "memory";

  private static final long SEED = 3;

  /** The largest pass through a ring of pinned memory in pieces, more than once round. */
  private static final List<Integer> SIZES =
      List.of(0, 1, 63, 64, 65, 4093, (4 << 20) - 1, (4 << 20) + 1, (37 << 20) + 5);

  private final DeviceMemory memory;

  private MemoryCheck(DeviceMemory memory) {
    this.memory = memory;
  }

  public static List<CaseResult> on(DeviceMemory memory) {
    var check = new MemoryCheck(memory);
    var results = new ArrayList<CaseResult>();
    for (int bytes : SIZES) {
      results.add(
          CaseResult.attempt(SUITE, "there and back " + bytes, () -> check.thereAndBack(bytes)));
    }
    results.add(CaseResult.attempt(SUITE, "heap and native memory", check::heapAndNative));
    results.add(CaseResult.attempt(SUITE, "source reused at once", check::sourceReused));
    results.add(CaseResult.attempt(SUITE, "downloads later", check::downloadsLater));
    results.add(CaseResult.attempt(SUITE, "copies within", check::copiesWithin));
    results.add(CaseResult.attempt(SUITE, "out of memory", check::outOfMemory));
    return results;
  }

  private Optional<String> thereAndBack(int bytes) {
    byte[] data = random(bytes);
    DeviceBuffer buffer = memory.allocate(bytes + 13);
    memory.upload(MemorySegment.ofArray(data), buffer, 13);
    byte[] back = download(buffer, 13, bytes);
    memory.release(buffer);
    return same("what was uploaded", data, back);
  }

  private Optional<String> heapAndNative() {
    DeviceBuffer buffer = memory.allocate(64);
    float[] floats = {1, 2, 3};
    memory.upload(MemorySegment.ofArray(floats).asReadOnly(), buffer, 0);
    memory.upload(MemorySegment.ofArray(new long[] {4}), buffer, 16);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(24, 8);
      memory.download(buffer, 0, target);
      float[] back = new float[3];
      memory.download(buffer, 0, MemorySegment.ofArray(back));
      memory.release(buffer);
      return Arrays.equals(floats, back) && target.get(JAVA_BYTE, 16) == 4
          ? Optional.empty()
          : Optional.of(Arrays.toString(back) + " and " + target.get(JAVA_BYTE, 16));
    }
  }

  private Optional<String> sourceReused() {
    byte[] source = new byte[1 << 16];
    DeviceBuffer[] buffers = new DeviceBuffer[400];
    for (int i = 0; i < buffers.length; i++) {
      Arrays.fill(source, (byte) i);
      buffers[i] = memory.allocate(source.length);
      memory.upload(MemorySegment.ofArray(source), buffers[i], 0);
    }
    Optional<String> wrong = Optional.empty();
    for (int i = 0; i < buffers.length; i++) {
      byte[] back = download(buffers[i], 0, source.length);
      Arrays.fill(source, (byte) i);
      int number = i;
      wrong = wrong.or(() -> same("upload " + number, source, back));
      memory.release(buffers[i]);
    }
    return wrong;
  }

  private Optional<String> downloadsLater() {
    byte[] data = random(1001);
    DeviceBuffer buffer = memory.allocate(data.length);
    memory.upload(MemorySegment.ofArray(data), buffer, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(data.length - 1);
      PendingDownload pending = memory.downloadLater(buffer, 1, target);
      memory.upload(MemorySegment.ofArray(new byte[data.length]), buffer, 0);
      pending.await();
      pending.await();
      memory.release(buffer);
      byte[] expected = Arrays.copyOfRange(data, 1, data.length);
      return same("the download", expected, target.toArray(JAVA_BYTE));
    }
  }

  private Optional<String> copiesWithin() {
    byte[] data = random(501);
    DeviceBuffer from = memory.allocate(data.length);
    DeviceBuffer to = memory.allocate(data.length);
    memory.upload(MemorySegment.ofArray(data), from, 0);
    memory.upload(MemorySegment.ofArray(new byte[data.length]), to, 0);
    memory.copy(from, 3, to, 5, 400);
    memory.copy(from, 0, to, 0, 0);
    byte[] back = download(to, 0, data.length);
    memory.release(from);
    memory.release(to);
    byte[] expected = new byte[data.length];
    System.arraycopy(data, 3, expected, 5, 400);
    return same("the copy", expected, back);
  }

  private Optional<String> outOfMemory() {
    long tooMuch = 1L << 50;
    try {
      memory.release(memory.allocate(tooMuch));
      return Optional.of("a block of " + tooMuch + " bytes was given");
    } catch (OutOfDeviceMemoryException e) {
      memory.release(memory.allocate(64));
      String message = String.valueOf(e.getMessage());
      return message.contains(Long.toString(tooMuch))
          ? Optional.empty()
          : Optional.of("it says: " + message);
    }
  }

  private byte[] download(DeviceBuffer buffer, long offset, int bytes) {
    byte[] back = new byte[bytes];
    memory.download(buffer, offset, MemorySegment.ofArray(back));
    return back;
  }

  private static Optional<String> same(String what, byte[] expected, byte[] found) {
    int at = Arrays.mismatch(expected, found);
    return at < 0 ? Optional.empty() : Optional.of(what + " differs at byte " + at);
  }

  private static byte[] random(int bytes) {
    byte[] data = new byte[bytes];
    new Random(SEED).nextBytes(data);
    return data;
  }
}
