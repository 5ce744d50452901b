package dev.quern.metric;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The counts of a metric on the device, and the fault word of all that was counted in them. */
final class Counters implements AutoCloseable {
  private final Engine engine;
  private final Tensor counts;
  private final @Nullable LongFunction<DataException> report;
  private FaultWord fault;

  /**
   * Creates counts of 0.
   *
   * @param report what whoever reads the counts is told of a fault; null to leave it untold
   */
  Counters(Engine engine, Shape shape, @Nullable LongFunction<DataException> report) {
    this.engine = engine;
    this.counts = engine.zeros(DType.I64, shape).detach();
    this.report = report;
    try {
      this.fault = engine.openFaultWord(report == null ? Counters::untold : report);
    } catch (RuntimeException e) {
      counts.close();
      throw e;
    }
    carry(fault);
  }

  Tensor tensor() {
    return counts;
  }

  /** The word that goes with {@link #tensor}; asked for under the engine's lock. */
  Span fault() {
    return fault.span();
  }

  /** Tells whoever reads the counts of faults that a loss found, which counted in passing. */
  void carry(FaultWord found) {
    if (report != null) {
      found.carriedBy(counts);
    }
  }

  long[] read() {
    return counts.toLongArray();
  }

  void reset() {
    replace(() -> counts.fill(0));
  }

  void set(long[] values) {
    replace(() -> counts.copyFrom(MemorySegment.ofArray(values)));
  }

  /** New counts have no faults yet. If there is no room for a new word, all stays as it is. */
  private void replace(Runnable overwrite) {
    LongFunction<DataException> told = report;
    engine.submit(_ -> {
      FaultWord clean = engine.openFaultWord(told == null ? Counters::untold : told);
      overwrite.run();
      carry(clean);
      fault.close();
      fault = clean;
    });
  }

  private static DataException untold(long index) {
    throw new IllegalStateException("Nothing carries this word, but it told of " + index + ".");
  }

  @Override
  public void close() {
    counts.close();
    fault.close();
  }
}
