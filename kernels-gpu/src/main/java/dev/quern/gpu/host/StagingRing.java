package dev.quern.gpu.host;

import dev.quern.spi.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The ring of pinned host memory through which transfers pass, in pieces: an upload need not wait
 * for the queue, only for the uploads that lie where it wants to.
 */
public final class StagingRing implements AutoCloseable {
  /** The bytes of the ring. */
  public static final long CAPACITY = 16L << 20;

  /** The most that is copied at once, so that filling and sending overlap. */
  private static final long PIECE = CAPACITY / 4;

  private static final long ALIGNMENT = 64;

  /** The most uploads that may be on their way, which bounds the number of marks held. */
  private static final int IN_FLIGHT = 256;

  /** A part of the ring in use; positions count on over the ring's end. */
  private record Upload(long start, Mark end) {}

  private final TransferQueue queue;
  private final MemorySegment memory;
  private final ArrayDeque<Upload> uploads = new ArrayDeque<>();
  private long position;

  /**
   * Uses a queue's pinned memory.
   *
   * @param queue has {@link #CAPACITY} bytes of it, for this ring alone
   */
  public StagingRing(TransferQueue queue) {
    this.queue = queue;
    this.memory = queue.pinned();
  }

  /**
   * Copies from the host, in queue order; returns when the source may be changed.
   *
   * @param source host memory
   * @param target the block written
   * @param targetOffset where in it, in bytes
   */
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    for (long done = 0; done < source.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, source.byteSize() - done);
      long start = take(bytes);
      long place = start % CAPACITY;
      MemorySegment.copy(source, done, memory, place, bytes);
      uploads.add(new Upload(start, queue.write(place, target, targetOffset + done, bytes)));
    }
  }

  /**
   * Copies to the host and waits for it.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target host memory
   */
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    for (long done = 0; done < target.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, target.byteSize() - done);
      long place = take(bytes) % CAPACITY;
      queue.read(source, sourceOffset + done, place, bytes);
      MemorySegment.copy(memory, place, target, done, bytes);
    }
  }

  /** Finds room for a piece, waiting for the oldest uploads where they are in the way. */
  private long take(long bytes) {
    if (position % CAPACITY + bytes > CAPACITY) {
      position += CAPACITY - position % CAPACITY;
    }
    long start = position;
    position += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    while (!uploads.isEmpty()
        && (uploads.element().start < position - CAPACITY || uploads.size() >= IN_FLIGHT)) {
      uploads.remove().end.await();
    }
    return start;
  }

  /** Gives up the uploads under way. */
  @Override
  public void close() {
    uploads.forEach(upload -> upload.end.abandon());
    uploads.clear();
  }
}
