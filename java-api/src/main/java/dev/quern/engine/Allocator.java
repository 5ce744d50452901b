package dev.quern.engine;

import dev.quern.MemoryStatistics;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Keeps freed blocks by size class, so that after the first step of a fixed shape the device is not
 * asked again. Queue order makes reuse safe: what was enqueued on a block before it was freed runs
 * before what is enqueued on it afterwards. Guarded by the engine's lock.
 */
public final class Allocator {
  private static final long SMALLEST = 256;

  private final Backend backend;
  private final long limit;
  private final Map<Long, ArrayDeque<DeviceBuffer>> free = new HashMap<>();
  private final Set<DeviceBuffer> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean closed;
  private long live;
  private long peak;
  private long reserved;
  private long allocations;

  /** Takes at most so many bytes of the device, those kept for reuse included; 0 for no limit. */
  public Allocator(Backend backend, long limit) {
    this.backend = backend;
    this.limit = limit == 0 ? Long.MAX_VALUE : limit;
  }

  public DeviceBuffer allocate(long bytes) {
    long size = sizeClass(bytes);
    ArrayDeque<DeviceBuffer> kept = free.get(size);
    DeviceBuffer block = kept == null ? null : kept.poll();
    if (block == null) {
      block = fromDevice(size);
      blocks.add(block);
      reserved += size;
      allocations++;
    }
    live += block.byteSize();
    peak = Math.max(peak, live);
    return block;
  }

  public void release(DeviceBuffer block) {
    if (closed) {
      return;
    }
    live -= block.byteSize();
    free.computeIfAbsent(block.byteSize(), s -> new ArrayDeque<>()).push(block);
  }

  /** Gives all kept blocks back to the device. */
  public void trim() {
    backend.synchronize();
    for (ArrayDeque<DeviceBuffer> kept : free.values()) {
      for (DeviceBuffer block : kept) {
        reserved -= block.byteSize();
        blocks.remove(block);
        backend.memory().release(block);
      }
    }
    free.clear();
  }

  /** Gives every block back to the device, those of open tensors too. */
  void close() {
    closed = true;
    try {
      backend.synchronize();
    } finally {
      blocks.forEach(backend.memory()::release);
      blocks.clear();
      free.clear();
    }
  }

  public MemoryStatistics statistics() {
    return new MemoryStatistics(live, peak, reserved, allocations);
  }

  private DeviceBuffer fromDevice(long size) {
    var event = new AllocationEvent();
    event.begin();
    DeviceBuffer block = allocateOrTrim(size);
    event.end();
    if (event.shouldCommit()) {
      event.device = backend.device().id();
      event.bytes = size;
      event.commit();
    }
    return block;
  }

  private DeviceBuffer allocateOrTrim(long size) {
    if (size > limit - reserved) {
      trim();
      if (size > limit - reserved) {
        throw new OutOfDeviceMemoryException(
            "The engine on %s may take %d bytes, its memory limit: %d are held by tensors, and %d more are asked for. Use a smaller batch, close tensors earlier, or raise the limit."
                .formatted(backend.device().id(), limit, live, size));
      }
    }
    try {
      return backend.memory().allocate(size);
    } catch (OutOfDeviceMemoryException first) {
      trim();
      try {
        return backend.memory().allocate(size);
      } catch (OutOfDeviceMemoryException second) {
        throw new OutOfDeviceMemoryException(
            "Device %s has no %d bytes left: %d are held by tensors, %d are reserved. Use a smaller batch, or close tensors earlier. (%s)"
                .formatted(backend.device().id(), size, live, reserved, second.getMessage()));
      }
    }
  }

  /** Four classes to a power of two: at most a quarter of a block is wasted. */
  static long sizeClass(long bytes) {
    if (bytes <= SMALLEST) {
      return SMALLEST;
    }
    long step = Math.max(Long.highestOneBit(bytes - 1) >>> 2, SMALLEST);
    return Math.multiplyExact(Math.ceilDiv(bytes, step), step);
  }
}
