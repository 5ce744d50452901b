package dev.quern.bench.speed;

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
  private long spentNanos;
  private boolean tooLarge;

  Timing(Cell cell) {
    this.cell = cell;
  }

  Cell cell() {
    return cell;
  }

  int visits() {
    return visits.size();
  }

  /** How long its visits took in all, with setting up what is not kept. */
  long spentNanos() {
    return spentNanos;
  }

  /** Whether there was no memory for it. */
  boolean isTooLarge() {
    return tooLarge;
  }

  void add(Visit visit) {
    visits.add(visit);
    leftOut = null;
  }

  void spend(long nanos) {
    spentNanos += nanos;
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
        compiled(),
        leftOut);
  }

  /**
   * The visits. Of kernels that are Java without the first ones that took much longer than the
   * later half: then the warm-up was not enough for the compiler.
   */
  private List<Visit> compiled() {
    if (visits.isEmpty() || !cell.device().isJava()) {
      return visits;
    }
    double later =
        Quantiles.median(
            visits.subList(visits.size() / 2, visits.size()).stream().map(Visit::median).toList());
    return visits.stream().dropWhile(visit -> visit.median() > WarmUp.MUCH_FASTER * later).toList();
  }
}
