package dev.quern.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The table of Quern against LibTorch: pairs of processes that take turns, A, B, A, B ..., the
 * median of the pairs' ratios. A pair is void and repeated if two threads gave less than 1.6 times
 * one in any of its calibrations; results that differ beyond 1e-4 end the run (but for gradients of
 * the Lovasz hinge, whose ties are free). LibTorch keeps its memory: malloc is told neither to map
 * nor to trim.
 */
final class PeerTable {
  private static final double LEAST_SPEED_UP = 1.6;
  private static final double AGREEMENT = 1e-4;

  private PeerTable() {}

  private record Line(double millis, double value, double norm) {}

  private record Outcome(double speedUp, Map<String, Line> lines) {}

  /** Takes the number of pairs (7) and a word that workloads' names contain (all). */
  public static void main(String[] args) throws IOException, InterruptedException {
    int pairs = args.length > 0 ? Integer.parseInt(args[0]) : 7;
    String wanted = args.length > 1 ? args[1] : "";
    Map<String, List<Double>> quern = new LinkedHashMap<>();
    Map<String, List<Double>> torch = new LinkedHashMap<>();
    Map<String, List<Double>> ratios = new LinkedHashMap<>();
    int voids = 0;
    for (int pair = 0; pair < pairs; ) {
      Outcome a = run("quern", wanted);
      Outcome b = run("libtorch", wanted);
      if (Math.min(a.speedUp, b.speedUp) < LEAST_SPEED_UP) {
        System.err.printf("pair void: two threads gave %.2f and %.2f%n", a.speedUp, b.speedUp);
        if (++voids > 3 * pairs) {
          throw new IllegalStateException("Two threads share a core here: no pair is valid.");
        }
        continue;
      }
      a.lines.forEach((name, mine) -> {
        Line theirs = Objects.requireNonNull(b.lines.get(name));
        requireEqual(name, mine.value, theirs.value);
        if (!name.startsWith("Lovasz")) {
          // the gradients of tied pixels are free
          requireEqual(name, mine.norm, theirs.norm);
        }
        quern.computeIfAbsent(name, _ -> new ArrayList<>()).add(mine.millis);
        torch.computeIfAbsent(name, _ -> new ArrayList<>()).add(theirs.millis);
        ratios.computeIfAbsent(name, _ -> new ArrayList<>()).add(theirs.millis / mine.millis);
      });
      pair++;
    }
    System.out.println("| workload | Quern ms | LibTorch ms | ratio | lowest, highest |");
    System.out.println("|---|---|---|---|---|");
    ratios.forEach((name, values) ->
        System.out.printf(
            "| %s | %.3f | %.3f | %.2f | %.2f, %.2f |%n",
            name,
            median(quern.getOrDefault(name, List.of())),
            median(torch.getOrDefault(name, List.of())),
            median(values),
            Collections.min(values),
            Collections.max(values)));
    System.out.printf("%d pairs, %d void%n", pairs, voids);
  }

  private static void requireEqual(String name, double mine, double theirs) {
    if (!(Math.abs(mine - theirs) <= AGREEMENT * Math.max(Math.abs(mine), 1e-3))) {
      throw new IllegalStateException(
          "%s: Quern computes %s, LibTorch %s: not the same mathematics."
              .formatted(name, mine, theirs));
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private static Outcome run(String side, String wanted) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            ProcessHandle.current().info().command().orElse("java"),
            "-Xmx3g",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=16g",
            "-Dorg.bytedeco.javacpp.maxBytes=12g",
            "-Dorg.bytedeco.javacpp.logger.debug=false",
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.quern.bench.peers.PeerProcess",
            side,
            wanted);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OMP_NUM_THREADS", "2");
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().put("MALLOC_MMAP_MAX_", "0");
    builder.environment().put("MALLOC_TRIM_THRESHOLD_", "100000000000");
    builder.environment().put("MALLOC_TOP_PAD_", "268435456");
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    double speedUp = Double.MAX_VALUE;
    Map<String, Line> lines = new LinkedHashMap<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("fma ")) {
          speedUp = Math.min(speedUp, Double.parseDouble(line.substring(4)));
        } else if (line.startsWith("work\t")) {
          String[] parts = line.split("\t", -1);
          lines.put(
              parts[1],
              new Line(
                  Double.parseDouble(parts[2]),
                  Double.parseDouble(parts[3]),
                  Double.parseDouble(parts[4])));
        }
      }
    }
    if (process.waitFor() != 0) {
      throw new IllegalStateException("The process of " + side + " failed.");
    }
    return new Outcome(speedUp, lines);
  }
}
