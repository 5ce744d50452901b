package dev.quern.cuda.host;

import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Pinned host memory through which transfers pass: the driver copies from and to it several times
 * faster than from the heap, and only such copies leave the host free to go on. Uploads and
 * downloads take turns in a ring; a download read later has a block of its own.
 */
public final class Staging implements AutoCloseable {
  private static final long CAPACITY = 16L << 20;

  /** The most that is copied at once, so that filling and sending overlap. */
  private static final long PIECE = CAPACITY / 4;

  private static final long ALIGNMENT = 64;

  /** The most uploads that may be on their way, which bounds the number of events held. */
  private static final int IN_FLIGHT = 256;

  /** Blocks of this size are kept for the next value read later. */
  private static final long SMALL = 4096;

  /** A part of the ring in use; positions count on over the ring's end. */
  private record Upload(long start, Event end) {}

  private final Context context;
  private final Queue queue;
  private final PinnedMemory ring;
  private final ArrayDeque<Upload> uploads = new ArrayDeque<>();
  private final Set<PinnedMemory> lent = ConcurrentHashMap.newKeySet();
  private final ConcurrentLinkedQueue<PinnedMemory> kept = new ConcurrentLinkedQueue<>();
  private long position;

  /**
   * Takes the memory.
   *
   * @param context whose device it serves
   * @param queue where transfers go
   */
  public Staging(Context context, Queue queue) {
    this.context = context;
    this.queue = queue;
    this.ring = context.allocatePinned(CAPACITY);
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
      MemorySegment.copy(source, done, ring.segment(), place, bytes);
      queue.write(ring, place, target, targetOffset + done, bytes);
      uploads.add(new Upload(start, queue.mark()));
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
      queue.read(source, sourceOffset + done, ring, place, bytes);
      queue.finish();
      MemorySegment.copy(ring.segment(), place, target, done, bytes);
    }
  }

  /**
   * Enqueues a copy to the host and returns at once. It goes through pinned memory, because a copy
   * to memory that the system may move makes the driver wait.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target host memory, written when the copy is awaited
   * @return the copy under way
   */
  public PendingDownload downloadLater(Buffer source, long sourceOffset, MemorySegment target) {
    long bytes = target.byteSize();
    PinnedMemory block = borrow(bytes);
    Event end;
    try {
      if (bytes > 0) {
        queue.read(source, sourceOffset, block, 0, bytes);
      }
      end = queue.mark();
    } catch (RuntimeException e) {
      giveBack(block);
      throw e;
    }
    return new PendingDownload() {
      private boolean done;

      @Override
      public synchronized void await() {
        if (!done) {
          done = true;
          end.await();
          MemorySegment.copy(block.segment(), 0, target, 0, bytes);
          giveBack(block);
        }
      }
    };
  }

  private PinnedMemory borrow(long bytes) {
    PinnedMemory block = bytes <= SMALL ? kept.poll() : null;
    if (block == null) {
      block = context.allocatePinned(Math.max(bytes, SMALL));
    }
    lent.add(block);
    return block;
  }

  private void giveBack(PinnedMemory block) {
    // a block no longer lent was closed with the queue
    if (lent.remove(block)) {
      if (block.segment().byteSize() == SMALL) {
        kept.add(block);
      } else {
        block.close();
      }
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

  /** Gives the memory back; nothing is under way any more. */
  @Override
  public void close() {
    uploads.forEach(upload -> upload.end.abandon());
    uploads.clear();
    lent.forEach(PinnedMemory::close);
    lent.clear();
    kept.forEach(PinnedMemory::close);
    kept.clear();
    ring.close();
  }
}
