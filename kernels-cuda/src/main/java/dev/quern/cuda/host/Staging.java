package dev.quern.cuda.host;

import dev.quern.gpu.host.Mark;
import dev.quern.gpu.host.StagingRing;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Transfers on a queue through pinned host memory: the ring of uploads and downloads, and a block
 * of its own for each download read later.
 */
public final class Staging implements TransferQueue {
  /** Blocks of this size are kept for the next value read later. */
  private static final long SMALL = 4096;

  private final Context context;
  private final Queue queue;
  private final PinnedMemory ring;
  private final Set<PinnedMemory> lent = ConcurrentHashMap.newKeySet();
  private final ConcurrentLinkedQueue<PinnedMemory> kept = new ConcurrentLinkedQueue<>();

  /**
   * Takes the memory.
   *
   * @param context whose device it serves
   * @param queue where transfers go
   */
  public Staging(Context context, Queue queue) {
    this.context = context;
    this.queue = queue;
    this.ring = context.allocatePinned(StagingRing.CAPACITY);
  }

  @Override
  public Buffer allocate(long bytes) {
    return context.allocate(bytes);
  }

  @Override
  public MemorySegment pinned() {
    return ring.segment();
  }

  @Override
  public Mark write(long place, DeviceBuffer target, long targetOffset, long bytes) {
    queue.write(ring, place, (Buffer) target, targetOffset, bytes);
    return queue.mark();
  }

  @Override
  public void read(DeviceBuffer source, long sourceOffset, long place, long bytes) {
    queue.read((Buffer) source, sourceOffset, ring, place, bytes);
    queue.finish();
  }

  /** It goes through pinned memory, because a copy to any other makes the driver wait. */
  @Override
  public PendingDownload readLater(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    long bytes = target.byteSize();
    PinnedMemory block = borrow(bytes);
    Event end;
    try {
      if (bytes > 0) {
        queue.read((Buffer) source, sourceOffset, block, 0, bytes);
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

  @Override
  public void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes) {
    queue.copy((Buffer) source, sourceOffset, (Buffer) target, targetOffset, bytes);
  }

  @Override
  public void close() {
    lent.forEach(PinnedMemory::close);
    lent.clear();
    kept.forEach(PinnedMemory::close);
    kept.clear();
    ring.close();
  }
}
