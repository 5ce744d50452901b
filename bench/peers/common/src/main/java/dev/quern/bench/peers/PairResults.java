package dev.quern.bench.peers;

import dev.quern.bench.speed.result.Machine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The pairs measured, kept in a file of tab-separated lines if one is named. */
final class PairResults {

  /**
   * A pair of processes, for one workload.
   *
   * @param peer as the table names it
   * @param version the peer's
   * @param workload its name
   * @param quern Quern's time in ms
   * @param theirs the peer's
   */
  record Pair(String peer, String version, String workload, double quern, double theirs) {
    boolean is(String wantedPeer, String wantedWorkload) {
      return peer.equals(wantedPeer) && workload.equals(wantedWorkload);
    }

    double ratio() {
      return theirs / quern;
    }
  }

  private record Row(String workload, String peer) {}

  private final @Nullable Path file;
  private final List<Pair> pairs = new ArrayList<>();
  private final Set<Row> none = new HashSet<>();
  private final Set<String> days = new TreeSet<>();

  private PairResults(@Nullable Path file) {
    this.file = file;
  }

  /** Starts from what a file holds, if it is there. */
  static PairResults read(@Nullable Path file) throws IOException {
    var results = new PairResults(file);
    if (file != null && Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split("\t", -1);
        results.days.add(words[0]);
        results.pairs.add(
            new Pair(
                words[1],
                words[2],
                words[3],
                Double.parseDouble(words[4]),
                Double.parseDouble(words[5])));
      }
    }
    return results;
  }

  void add(Pair pair) throws IOException {
    String day = LocalDate.now(ZoneOffset.UTC).toString();
    days.add(day);
    pairs.add(pair);
    String line =
        String.format(
            Locale.ROOT,
            "%s\t%s\t%s\t%s\t%.6f\t%.6f%n",
            day,
            pair.peer,
            pair.version,
            pair.workload,
            pair.quern,
            pair.theirs);
    System.err.print(line);
    if (file != null) {
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  /** Notes that a peer has no form of a workload. */
  void addNone(String peer, String workload) {
    none.add(new Row(workload, peer));
  }

  boolean hasNone(String peer, String workload) {
    return none.contains(new Row(workload, peer));
  }

  long pairs(String peer, String workload) {
    return pairs.stream().filter(p -> p.is(peer, workload)).count();
  }

  /** Prints machine, versions and a line for each workload and peer, in the workloads' order. */
  void print(PrintStream out) {
    Machine machine = Machine.here();
    out.printf(
        "%s, %d processors, %s; %s%n",
        machine.processor(), machine.processors(), machine.java(), String.join(", ", days));
    new TreeSet<>(pairs.stream().map(p -> p.peer + ": " + p.version).toList())
        .forEach(out::println);
    out.println(
        "| workload | peer | Quern ms | peer ms | peer / Quern | lowest, highest | pairs |");
    out.println("|---|---|---|---|---|---|---|");
    for (Workload work : Workload.ALL) {
      for (Contender contender : Contender.values()) {
        List<Pair> found =
            pairs.stream().filter(p -> p.is(contender.label(), work.name())).toList();
        if (!found.isEmpty()) {
          out.println(line(work.name(), contender.label(), found));
        }
      }
    }
  }

  private static String line(String workload, String peer, List<Pair> found) {
    List<Double> ratios = found.stream().map(Pair::ratio).sorted().toList();
    return String.format(
        Locale.ROOT,
        "| %s | %s | %.3f | %.3f | **%.2f** | %.2f, %.2f | %d |",
        workload,
        peer,
        median(found.stream().map(Pair::quern).toList()),
        median(found.stream().map(Pair::theirs).toList()),
        median(ratios),
        ratios.getFirst(),
        ratios.getLast(),
        found.size());
  }

  private static double median(Collection<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
