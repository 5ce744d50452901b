package dev.quern.engine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Hands out fault words, each once, from blocks of many that one copy made clean: so a result costs
 * no transfer. A block goes back when its last word is gone. Guarded by the engine's lock.
 */
public final class FaultBlocks {
  /** A number of F32, room up to the next multiple of 8, the word. */
  public static final long SLOT_BYTES = 16;

  /** Where in its slot the word lies. */
  public static final long WORD_OFFSET = 8;

  private static final long WORDS = 256;

  private final Backend backend;
  private final Allocator allocator;
  private final MemorySegment clean;
  private @Nullable Storage block;
  private long next;

  /**
   * A place for one word.
   *
   * @param block the block, held once for whoever gets this
   * @param index which of the block's slots
   */
  public record Slot(Storage block, long index) {}

  /** Makes no block yet. */
  public FaultBlocks(Backend backend, Allocator allocator, Arena arena) {
    this.backend = backend;
    this.allocator = allocator;
    this.clean = arena.allocate(WORDS * SLOT_BYTES, Long.BYTES);
    for (long word = 0; word < WORDS; word++) {
      clean.set(JAVA_LONG, word * SLOT_BYTES + WORD_OFFSET, Long.MAX_VALUE);
    }
  }

  /** Takes a clean word. */
  public Slot take() {
    Storage current = block;
    if (current == null || next == WORDS) {
      if (current != null) {
        block = null;
        current.release();
      }
      current = cleanBlock();
      block = current;
      next = 0;
    }
    current.retain();
    return new Slot(current, next++);
  }

  private Storage cleanBlock() {
    DeviceBuffer buffer = allocator.allocate(clean.byteSize());
    try {
      backend.memory().upload(clean, buffer, 0);
    } catch (RuntimeException e) {
      allocator.release(buffer);
      throw e;
    }
    return new Storage(buffer, () -> allocator.release(buffer));
  }
}
