package dev.quern.bench.speed.compare;

import dev.quern.bench.speed.compare.Comparison.Row;
import dev.quern.bench.speed.compare.Comparison.Verdict;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A comparison as text. */
public final class ComparisonTable {

  private ComparisonTable() {}

  /**
   * Prints what changed or is unclear, and how many kernels became what.
   *
   * @param comparison the comparison
   * @param out where
   */
  public static void print(Comparison comparison, PrintStream out) {
    comparison.differences().forEach(difference -> out.println("not the same: " + difference));
    List<Row> told =
        comparison.rows().stream()
            .filter(row -> row.verdict() != Verdict.SAME)
            .sorted(Comparator.comparing(Row::verdict))
            .toList();
    if (!told.isEmpty()) {
      out.printf(
          "%n%-12s %-22s %-8s %9s %9s  by size%n",
          "device", "benchmark", "", "new/old", "noise to");
    }
    for (Row row : told) {
      out.printf(
          Locale.ROOT,
          "%-12s %-22s %-8s %9.2f %9.2f  %s%n",
          row.device(),
          row.name(),
          word(row.verdict()),
          row.ratio(),
          row.noise(),
          row.sizes().entrySet().stream()
              .map(size -> String.format(Locale.ROOT, "%d: %.2f", size.getKey(), size.getValue()))
              .collect(Collectors.joining(", ")));
    }
    out.println(
        Arrays.stream(Verdict.values())
            .map(verdict ->
                comparison.rows().stream().filter(row -> row.verdict() == verdict).count()
                    + " "
                    + word(verdict))
            .collect(Collectors.joining(", ")));
  }

  private static String word(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }
}
