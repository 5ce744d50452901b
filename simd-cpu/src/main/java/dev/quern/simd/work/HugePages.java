package dev.quern.simd.work;

import dev.quern.spi.host.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Blocks of memory on huge pages: mapped, aligned to 2 MB, and the kernel advised. Without native
 * access, not on Linux, or below 2 MB a block is an ordinary one.
 */
public final class HugePages implements HostMemory.BlockSource {
  private static final long HUGE = 2 << 20;

  /**
   * Successive blocks start so many bytes further into their first page, 65 cache lines: streams
   * that a kernel reads side by side would otherwise fall into the same sets of the cache.
   */
  private static final long STAGGER = 65 * 64;

  private static final int STAGGERS = 16;

  private final AtomicInteger blocks = new AtomicInteger();

  private HugePages() {}

  /** Returns the source of blocks that suits the process. */
  public static HostMemory.BlockSource source() {
    return LinuxCalls.areAllowed() ? new HugePages() : HugePages::ordinary;
  }

  private static MemorySegment ordinary(long bytes, Arena arena) {
    return arena.allocate(bytes, 64);
  }

  @Override
  public MemorySegment allocate(long bytes, Arena arena) {
    if (bytes < HUGE) {
      return ordinary(bytes, arena);
    }
    long stagger = blocks.getAndIncrement() % STAGGERS * STAGGER;
    return Calls.map(bytes, stagger, arena);
  }

  /** Looked up only when the first large block is wanted. */
  private static final class Calls {
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVICE_HUGE_PAGE = 14;

    private static final MethodHandle MMAP = LinuxCalls.mmap();
    private static final MethodHandle MUNMAP = LinuxCalls.munmap();
    private static final MethodHandle MADVISE = LinuxCalls.madvise();

    static MemorySegment map(long bytes, long stagger, Arena arena) {
      long whole = bytes + stagger + HUGE;
      try {
        MemorySegment mapped =
            (MemorySegment)
                MMAP.invokeExact(MemorySegment.NULL, whole, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
        if (mapped.address() == -1) {
          throw new OutOfMemoryError("mmap of " + whole + " bytes failed");
        }
        MemorySegment memory = mapped.reinterpret(whole, arena, Calls::unmap);
        int ignored = (int) MADVISE.invokeExact(memory, whole, ADVICE_HUGE_PAGE);
        long start = -memory.address() & (HUGE - 1);
        return memory.asSlice(start + stagger, bytes);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("Mapping " + whole + " bytes failed.", e);
      }
    }

    private static void unmap(MemorySegment memory) {
      try {
        int ignored = (int) MUNMAP.invokeExact(memory, memory.byteSize());
      } catch (Throwable e) {
        throw new IllegalStateException("Unmapping " + memory.byteSize() + " bytes failed.", e);
      }
    }
  }
}
