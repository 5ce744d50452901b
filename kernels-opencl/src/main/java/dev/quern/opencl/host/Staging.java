package dev.quern.opencl.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * A ring of pinned host memory through which transfers pass: uploads need not wait for the queue,
 * and copies from pinned memory are several times faster than from the heap.
 */
public final class Staging implements AutoCloseable {
  private static final long CAPACITY = 16L << 20;

  /** The most that is copied at once, so that filling and sending overlap. */
  private static final long PIECE = CAPACITY / 4;

  private static final long ALIGNMENT = 64;

  /** The most uploads that may be on their way, which bounds the number of events held. */
  private static final int IN_FLIGHT = 256;

  /** A part of the ring in use; positions count on over the ring's end. */
  private record Upload(long start, Event end) {}

  private final Queue queue;
  private final Buffer buffer;
  private final MemorySegment memory;
  private final ArrayDeque<Upload> uploads = new ArrayDeque<>();
  private long position;

  /**
   * Takes the memory.
   *
   * @param context whose device it serves
   * @param queue where transfers go
   */
  public Staging(Context context, Queue queue) {
    this.queue = queue;
    this.buffer = context.allocatePinned(CAPACITY);
    try {
      this.memory = queue.map(buffer);
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
  }

  /**
   * Copies from the host, in queue order; returns when the source may be changed.
   *
   * @param source host memory
   * @param target the block written
   * @param targetOffset where in it, in bytes
   */
  public void upload(MemorySegment source, Buffer target, long targetOffset) {
    for (long done = 0; done < source.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, source.byteSize() - done);
      long start = take(bytes);
      long place = start % CAPACITY;
      MemorySegment.copy(source, done, memory, place, bytes);
      Event end = queue.write(memory.asSlice(place, bytes), target, targetOffset + done);
      uploads.add(new Upload(start, end));
    }
  }

  /**
   * Copies to the host and waits for it.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target host memory
   */
  public void download(Buffer source, long sourceOffset, MemorySegment target) {
    for (long done = 0; done < target.byteSize(); done += PIECE) {
      long bytes = Math.min(PIECE, target.byteSize() - done);
      long place = take(bytes) % CAPACITY;
      queue.read(source, sourceOffset + done, memory.asSlice(place, bytes));
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

  /** Gives the memory back. */
  @Override
  public void close() {
    uploads.forEach(upload -> upload.end.abandon());
    uploads.clear();
    queue.unmap(buffer, memory);
    buffer.close();
  }
}
