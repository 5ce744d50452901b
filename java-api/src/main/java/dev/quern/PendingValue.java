package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.engine.FaultBlocks;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A single number on its way to the host, read a step late so that the queue never stops. */
public final class PendingValue {
  private final Engine engine;
  private final MemorySegment slot;
  private final PendingDownload download;
  private final List<PendingWord> words;
  private @Nullable FaultWord faulty;
  private long index = Long.MAX_VALUE;
  private float value;
  private boolean done;

  /**
   * A fault word that the number carries, on its way with it.
   *
   * @param fault the word
   * @param slot where it comes to lie, after the room for a number
   * @param download its copy, or that of the number beside it
   * @param isFinal whether no kernel could write it any more
   */
  record PendingWord(
      FaultWord fault, MemorySegment slot, PendingDownload download, boolean isFinal) {
    long index() {
      return slot.get(JAVA_LONG, FaultBlocks.WORD_OFFSET);
    }
  }

  PendingValue(
      Engine engine, MemorySegment slot, PendingDownload download, List<PendingWord> words) {
    this.engine = engine;
    this.slot = slot;
    this.download = download;
    this.words = words;
  }

  /**
   * Waits for the number; the same answer every time.
   *
   * @return the number
   * @throws DataException if the number comes of faulty data, such as a label out of range
   * @throws DeviceException if the work before it failed
   */
  public synchronized float await() {
    if (!done) {
      download.await();
      words.forEach(word -> word.download.await());
      value = slot.get(JAVA_FLOAT, 0);
      engine.locked(() -> {
        words.forEach(this::note);
        engine.downloads().returnSlot(slot);
        return null;
      });
      done = true;
    }
    if (faulty != null) {
      faulty.throwIf(index);
    }
    return value;
  }

  private void note(PendingWord word) {
    long found = word.index();
    if (word.isFinal) {
      word.fault.note(found);
    }
    if (found != Long.MAX_VALUE && faulty == null) {
      faulty = word.fault;
      index = found;
    }
    if (!word.slot.equals(slot)) {
      engine.downloads().returnSlot(word.slot);
    }
  }
}
