package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.PendingValue.PendingWord;
import dev.quern.engine.FaultBlocks;
import dev.quern.spi.Backend;
import dev.quern.spi.PendingDownload;
import dev.quern.spi.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Copies of one engine's tensors to the host, at once or later, and of the fault words that they
 * carry. Guarded by the engine's lock.
 */
final class Downloads {
  private final Engine engine;
  private final Backend backend;
  private final Arena arena;
  private final ArrayDeque<MemorySegment> slots = new ArrayDeque<>();
  private final MemorySegment slotCopy;

  Downloads(Engine engine, Backend backend, Arena arena) {
    this.engine = engine;
    this.backend = backend;
    this.arena = arena;
    this.slotCopy = arena.allocate(FaultBlocks.SLOT_BYTES, Long.BYTES);
  }

  /** Copies to the host, and then reports the first fault in what was copied. */
  void now(Span source, MemorySegment target, List<FaultWord> faults) {
    engine.requireOpen();
    FaultWord beside = beside(source, faults);
    if (beside == null) {
      download(source, target);
    } else {
      download(source, slotCopy);
      target.copyFrom(slotCopy.asSlice(0, source.byteSize()));
      if (beside.isFinal()) {
        beside.note(slotCopy.get(JAVA_LONG, FaultBlocks.WORD_OFFSET));
      }
    }
    for (FaultWord fault : faults) {
      fault.throwIf(fault.index());
    }
  }

  /** Reads a word and waits. */
  long word(Span source) {
    return engine.locked(() -> {
      engine.requireOpen();
      MemorySegment word = slotCopy.asSlice(0, Long.BYTES);
      backend.memory().download(source.buffer(), source.byteOffset(), word);
      return word.get(JAVA_LONG, 0);
    });
  }

  /** Starts reading a number and the words that it carries. */
  PendingValue later(Span source, List<FaultWord> faults) {
    engine.requireOpen();
    FaultWord beside = beside(source, faults);
    var words = new ArrayList<PendingWord>();
    for (FaultWord fault : faults) {
      if (fault != beside) {
        MemorySegment slot = takeSlot();
        MemorySegment word = slot.asSlice(FaultBlocks.WORD_OFFSET);
        words.add(new PendingWord(fault, slot, start(fault.span(), word), fault.isFinal()));
      }
    }
    MemorySegment slot = takeSlot();
    PendingDownload download =
        start(source, beside == null ? slot.asSlice(0, source.byteSize()) : slot);
    if (beside != null) {
      words.add(new PendingWord(beside, slot, download, beside.isFinal()));
    }
    return new PendingValue(engine, slot, download, words);
  }

  void returnSlot(MemorySegment slot) {
    slots.add(slot);
  }

  private void download(Span source, MemorySegment target) {
    engine.seen().memory().download(source.buffer(), source.byteOffset(), target);
  }

  private PendingDownload start(Span source, MemorySegment target) {
    return engine.seen().memory().downloadLater(source.buffer(), source.byteOffset(), target);
  }

  /** The one of the words that can be read together with a number, if any. */
  private static @Nullable FaultWord beside(Span source, List<FaultWord> faults) {
    for (FaultWord fault : faults) {
      if (fault.isBeside(source)) {
        return fault;
      }
    }
    return null;
  }

  private MemorySegment takeSlot() {
    MemorySegment slot = slots.poll();
    return slot == null ? arena.allocate(FaultBlocks.SLOT_BYTES, Long.BYTES) : slot;
  }
}
