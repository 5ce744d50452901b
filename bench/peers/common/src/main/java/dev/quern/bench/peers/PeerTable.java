package dev.quern.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The table of Quern against its peers: pairs of processes that take turns, Quern, peer, Quern,
 * peer ..., the median of the pairs' ratios. A pair is void and repeated if two threads gave less
 * than 1.6 times one in any of its calibrations; results that differ beyond 1e-4 end the run (but
 * for gradients of the Lovasz hinge, whose ties are free).
 */
final class PeerTable {
  private static final Path PEERS = Path.of("bench/peers");
  private static final double LEAST_SPEED_UP = 1.6;
  private static final double AGREEMENT = 1e-4;

  private static final String USAGE =
      """
      Options:
        --pairs N         pairs of processes (7)
        --peer NAME       %s; may be repeated (all)
        --workload WORD   workloads with this in their name; may be repeated (all)
        --results FILE    keep each pair here, go on from the pairs that are here already
      """
          .formatted(String.join(", ", peers().stream().map(Contender::id).toList()));

  private final int pairs;
  private final List<Contender> contenders;
  private final List<String> words;
  private final PairResults results;

  private PeerTable(
      int pairs, List<Contender> contenders, List<String> words, PairResults results) {
    this.pairs = pairs;
    this.contenders = contenders;
    this.words = words;
    this.results = results;
  }

  /** Compares and prints the table. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int pairs = 7;
    var contenders = new ArrayList<Contender>();
    var words = new ArrayList<String>();
    Path file = null;
    if (args.length % 2 != 0) {
      System.err.print(USAGE);
      System.exit(2);
    }
    for (int i = 0; i < args.length; i += 2) {
      String value = args[i + 1];
      switch (args[i]) {
        case "--pairs" -> pairs = Integer.parseInt(value);
        case "--peer" -> contenders.add(contender(value));
        case "--workload" -> words.add(value);
        case "--results" -> file = Path.of(value);
        default -> {
          System.err.print(USAGE);
          System.exit(2);
        }
      }
    }
    if (!Files.isDirectory(PEERS.resolve("common/target/lib"))) {
      throw new IllegalStateException("The peers are not built: run bench/peers/run.");
    }
    var table =
        new PeerTable(
            pairs, contenders.isEmpty() ? peers() : contenders, words, PairResults.read(file));
    table.measure();
    table.results.print(System.out);
  }

  private static List<Contender> peers() {
    return Arrays.stream(Contender.values()).filter(c -> c != Contender.QUERN).toList();
  }

  private static Contender contender(String id) {
    return peers().stream()
        .filter(c -> c.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No peer " + id + ".\n" + USAGE));
  }

  private void measure() throws IOException, InterruptedException {
    int voids = 0;
    for (Contender contender : contenders) {
      List<String> missing = missing(contender);
      while (!missing.isEmpty()) {
        if (pair(contender, missing)) {
          missing = missing(contender);
        } else if (++voids > 3 * pairs) {
          throw new IllegalStateException("Two threads share a core here: no pair is valid.");
        }
      }
    }
  }

  /** The workloads that were asked for and lack pairs. */
  private List<String> missing(Contender contender) {
    return Arrays.stream(Workload.ALL)
        .map(Workload::name)
        .filter(name -> words.isEmpty() || words.stream().anyMatch(name::contains))
        .filter(name -> results.pairs(contender.label(), name) < pairs)
        .filter(name -> !results.hasNone(contender.label(), name))
        .toList();
  }

  private boolean pair(Contender contender, List<String> workloads)
      throws IOException, InterruptedException {
    PeerRun quern = PeerRun.of(Contender.QUERN, PEERS, workloads);
    PeerRun peer = PeerRun.of(contender, PEERS, workloads);
    if (Math.min(quern.speedUp(), peer.speedUp()) < LEAST_SPEED_UP) {
      System.err.printf(
          "pair void: two threads gave %.2f and %.2f%n", quern.speedUp(), peer.speedUp());
      return false;
    }
    System.err.printf(
        "peak resident memory of the processes: Quern %d MiB, %s %d MiB%n",
        quern.peakResident() >> 10, contender.label(), peer.peakResident() >> 10);
    for (String name : workloads) {
      PeerRun.Timing theirs = peer.timings().get(name);
      if (theirs == null) {
        results.addNone(contender.label(), name);
        continue;
      }
      PeerRun.Timing ours = Objects.requireNonNull(quern.timings().get(name));
      requireEqual(contender, name, ours.value(), theirs.value());
      if (!name.startsWith("Lovasz")) {
        // the gradients of tied pixels are free
        requireEqual(contender, name, ours.norm(), theirs.norm());
      }
      results.add(
          new PairResults.Pair(
              contender.label(), peer.version(), name, ours.millis(), theirs.millis()));
    }
    return true;
  }

  private static void requireEqual(Contender contender, String name, double ours, double theirs) {
    if (!(Math.abs(ours - theirs) <= AGREEMENT * Math.max(Math.abs(ours), 1e-3))) {
      throw new IllegalStateException(
          "%s: Quern computes %s, %s %s: not the same mathematics."
              .formatted(name, ours, contender.label(), theirs));
    }
  }
}
