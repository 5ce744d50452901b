package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Hands out fault words, each once, from blocks of many that one copy made clean: so a result costs
 * no transfer. A block goes back when its last word is gone. Guarded by the engine's lock.
 */
final class FaultBlocks {
  private static final long WORDS = 256;

  private final Backend backend;
  private final Allocator allocator;
  private final MemorySegment clean;
  private @Nullable Storage block;
  private long next;

  FaultBlocks(Backend backend, Allocator allocator, Arena arena) {
    this.backend = backend;
    this.allocator = allocator;
    this.clean = arena.allocate(WORDS * FaultWord.SLOT_BYTES, Long.BYTES);
    for (long word = 0; word < WORDS; word++) {
      clean.set(JAVA_LONG, word * FaultWord.SLOT_BYTES + FaultWord.WORD_OFFSET, Long.MAX_VALUE);
    }
  }

  FaultWord open(Engine engine, LongFunction<DataException> report) {
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
    return new FaultWord(engine, current, next++, report);
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
