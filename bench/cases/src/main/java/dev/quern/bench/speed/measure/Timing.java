package dev.quern.bench.speed.measure;

import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.Visit;
import dev.quern.spi.Kernels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A cell under measurement: what was found so far, and its operands where they are kept. */
final class Timing {

  private final Cell cell;
  private final List<Visit> visits = new ArrayList<>();
  private @Nullable PreparedCall kept;
  private @Nullable String leftOut;
  private int taken;
  private long spentNanos;
  private boolean tooLarge;

  Timing(Cell cell) {
    this.cell = cell;
  }

  Cell cell() {
    return cell;
  }

  /** How many visits it got, counted or not. */
  int visits() {
    return taken;
  }

  /** How long its visits took in all. */
  long spentNanos() {
    return spentNanos;
  }

  /** Whether there was no memory for it. */
  boolean isTooLarge() {
    return tooLarge;
  }

  /**
   * Adds a visit that took so long, with setting up what is not kept. The first one of a kernel in
   * Java counts only until there is another: what was compiled for it is often thrown away when the
   * last kernels of the warm-up come the same way, and compiled anew after its first calls.
   */
  void add(Visit visit, long nanos) {
    if (taken == 1 && cell.device().isJava()) {
      visits.clear();
    }
    visits.add(visit);
    taken++;
    spentNanos += nanos;
    leftOut = null;
  }

  void leaveOut(String why) {
    leftOut = why;
  }

  /** Leaves it out for good. */
  void giveUp(String why) {
    release();
    visits.clear();
    tooLarge = true;
    leftOut = why;
  }

  /** The operands of an earlier visit, or null. */
  @Nullable PreparedCall kept() {
    return kept;
  }

  void keep(PreparedCall prepared) {
    kept = prepared;
  }

  /** Gives the memory of kept operands back. */
  void release() {
    if (kept != null) {
      kept.close();
      kept = null;
    }
  }

  /** What was found, or why it was left out. */
  Measurement measurement() {
    var benchmark = cell.benchmark();
    var kernelCase = benchmark.at().apply(cell.size());
    return new Measurement(
        cell.device().id(),
        Kernels.name(benchmark.family()),
        benchmark.name(),
        cell.unfused(),
        kernelCase.dtype().name(),
        benchmark.elements().applyAsInt(cell.size()),
        kernelCase.bytes(),
        benchmark.operations().applyAsDouble(cell.size()),
        visits,
        leftOut);
  }
}
