package dev.quern;

import dev.quern.engine.FaultBlocks;
import dev.quern.engine.Storage;
import dev.quern.op.TensorType;
import dev.quern.spi.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * The word on the device in which kernels leave the least index of faulty data of one result. The
 * tensors of the result carry it: whoever reads one of them gets a {@link DataException}, every
 * time, and nobody else does. What tensor operations compute from them carries it on. It lives
 * until it is closed and no tensor carries it any more; it is final, and read once, when it is
 * closed.
 *
 * <pre>{@code
 * try (FaultWord fault = engine.openFaultWord(index -> new DataException("..." + index))) {
 *   Tensor value = fault.number();
 *   engine.submit(b -> ... value.span() ... fault.span() ...);
 *   return value;
 * }
 * }</pre>
 */
public final class FaultWord implements AutoCloseable {
  private static final int MOST_UNREAD = 64;
  private static final long UNREAD = -1;

  private final Engine engine;
  private final Storage block;
  private final long slot;
  private final Span word;
  private final LongFunction<DataException> report;
  private boolean open = true;
  private long found = UNREAD;

  /** Takes over a reference to the block. */
  FaultWord(Engine engine, FaultBlocks.Slot place, LongFunction<DataException> report) {
    this.engine = engine;
    this.block = place.block();
    this.slot = place.index();
    this.word =
        new Span(
            block.buffer(),
            DType.I64,
            (slot * FaultBlocks.SLOT_BYTES + FaultBlocks.WORD_OFFSET) / Long.BYTES,
            1);
    this.report = report;
  }

  /**
   * Returns the word, for kernels.
   *
   * @return I64, one element: {@link Long#MAX_VALUE}, or the least index that a kernel left
   */
  public Span span() {
    return word;
  }

  /**
   * Makes a number that carries this word and lies beside it, so that both are read at once. There
   * is one to a word.
   *
   * @return F32, shape (1), undefined, owned by the current scope
   */
  public Tensor number() {
    return engine.locked(() -> {
      block.retain();
      long at = slot * FaultBlocks.SLOT_BYTES / Float.BYTES;
      return carriedBy(engine.adopt(block, new TensorType(DType.F32, Shape.of(1)), at));
    });
  }

  /**
   * Makes a tensor carry this word beside those that it carries already, until it is closed or
   * overwritten as a whole.
   *
   * @param tensor a tensor of the same engine
   * @return the tensor
   */
  public Tensor carriedBy(Tensor tensor) {
    tensor.carry(List.of(this));
    return tensor;
  }

  /** Ends the time in which kernels write the word; idempotent. */
  @Override
  public void close() {
    engine.locked(() -> {
      if (open) {
        open = false;
        block.release();
      }
      return null;
    });
  }

  void retain() {
    block.retain();
  }

  void release() {
    block.release();
  }

  /** Whether the word follows the number that is read. */
  boolean isBeside(Span number) {
    return number.buffer().equals(block.buffer())
        && number.byteOffset() == slot * FaultBlocks.SLOT_BYTES;
  }

  /** Whether no kernel writes the word any more. */
  boolean isFinal() {
    return !open;
  }

  /** Takes what was read of the final word. */
  void note(long index) {
    found = index;
  }

  /** Reads the word unless that is done; under the engine's lock. */
  long index() {
    if (found != UNREAD) {
      return found;
    }
    long index = engine.downloads().word(word);
    if (isFinal()) {
      note(index);
    }
    return index;
  }

  void throwIf(long index) {
    if (index != Long.MAX_VALUE) {
      throw report.apply(index);
    }
  }

  /**
   * Puts the words of two tensors together. Words that are known to hold no fault are left out; if
   * very many are left, they are read, so that a running sum whose parts nobody reads does not grow
   * for ever.
   */
  static List<FaultWord> union(List<FaultWord> a, List<FaultWord> b) {
    if (a.equals(b) || b.isEmpty()) {
      return a;
    }
    var words = new ArrayList<FaultWord>();
    for (List<FaultWord> each : List.of(a, b)) {
      for (FaultWord fault : each) {
        if (fault.found != Long.MAX_VALUE && !words.contains(fault)) {
          words.add(fault);
        }
      }
    }
    return words.size() > MOST_UNREAD ? read(words) : List.copyOf(words);
  }

  /** What is left of many words once they are read: those still written, and one that tells. */
  private static List<FaultWord> read(List<FaultWord> words) {
    var left = new ArrayList<FaultWord>();
    boolean faulty = false;
    for (FaultWord fault : words) {
      if (fault.open) {
        left.add(fault);
      } else if (!faulty && fault.index() != Long.MAX_VALUE) {
        left.add(fault);
        faulty = true;
      }
    }
    return List.copyOf(left);
  }
}
