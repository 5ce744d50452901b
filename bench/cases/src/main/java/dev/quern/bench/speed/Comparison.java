package dev.quern.bench.speed;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Sets runs of a newer build against runs of an older one on the same machine.
 *
 * <p>Every run is a process of its own, and a kernel can take half as long again in one process as
 * in the next, in every size, because the compiler goes by what it saw before; so each build is
 * taken at the fastest of its processes. What is compared is the logarithm of new over old {@link
 * PacedTime}, of a kernel the median over its sizes.
 *
 * <p>A change counts if it lies further from the median of all kernels of the device (what two
 * builds differ in as a whole, up to a limit) than all of three things: the least change that
 * matters, the kernel's own error by chance, and what a change would be by chance, going by how the
 * changes of all kernels scatter. And not even the slowest process of the build that was faster may
 * be as slow as the other build: else it is unclear, as the faster ones may have been lucky.
 *
 * <p>The reference is compared only where there is nothing else: it is the yardstick, and its plain
 * loops come out of the compiler a third apart from one process to the next, a few now and then
 * many times slower.
 *
 * @param rows one for each kernel and device that runs of both builds have
 * @param differences what about the machines is not the same; then the rows mean little
 */
public record Comparison(List<Row> rows, List<String> differences) {

  /** A change below this is none: 8 %. */
  static final double LEAST_CHANGE = Math.log(1.08);

  /** How far two builds may differ as a whole without that being a change: 10 %. */
  static final double LARGEST_DRIFT = Math.log(1.10);

  /** Robust standard deviations of all kernels' changes that are taken for chance. */
  private static final double DEVIATIONS = 3.5;

  /** Standard errors of a kernel's own change that are taken for chance. */
  private static final double ERRORS = 3;

  /** The standard error of a median over that of a mean, of normal distributions. */
  private static final double OF_MEDIAN = Math.sqrt(Math.PI / 2);

  /** From the median absolute deviation to the standard deviation of a normal distribution. */
  private static final double NORMAL = 1.4826;

  /** Fewer kernels than this say nothing of the runs as a whole. */
  private static final int FEWEST_KERNELS = 5;

  /** Slower by this must not go unnoticed: beyond, a band is too wide to tell. */
  private static final double WIDEST_BAND = Math.log(1.2);

  /** So many times a band that is too wide. */
  private static final double TOWERING = 3;

  /** What became of a kernel. */
  public enum Verdict {
    /** Slower than the noise explains. */
    SLOWER,
    /** Faster than the noise explains. */
    FASTER,
    /** No change beyond the noise. */
    SAME,
    /**
     * No change beyond the noise, which would have hidden one of 20 %; or a change that not all
     * processes show.
     */
    UNCLEAR
  }

  /**
   * One kernel on one device.
   *
   * @param device the device's name
   * @param benchmark the benchmark's name
   * @param unfused whether this is a loss's unfused definition
   * @param ratio new time over old, in the device's own pace, the median over the sizes
   * @param band what the ratio may reach, or fall to the inverse of, by noise
   * @param verdict what that means
   * @param sizes new time over old for each size
   */
  public record Row(
      String device,
      String benchmark,
      boolean unfused,
      double ratio,
      double band,
      Verdict verdict,
      Map<Long, Double> sizes) {

    /** {@return the kernel and what it is, for people} */
    public String name() {
      return benchmark + (unfused ? " unfused" : "");
    }
  }

  private record Kernel(String device, String benchmark, boolean unfused) {
    static Kernel of(Measurement m) {
      return new Kernel(m.device(), m.benchmark(), m.unfused());
    }
  }

  /**
   * How the time of a kernel changed in one size, as a logarithm.
   *
   * @param value from the fastest process of the older build to that of the newer
   * @param error the standard error of that
   * @param least from the slowest process of the older build to the fastest of the newer
   * @param most from the fastest process of the older build to the slowest of the newer
   */
  private record Change(double value, double error, double least, double most) {

    static Change of(List<PacedTime> before, List<PacedTime> after) {
      PacedTime old = Collections.min(before);
      PacedTime recent = Collections.min(after);
      return new Change(
          recent.logarithm() - old.logarithm(),
          Math.hypot(recent.error(), old.error()),
          recent.logarithm() - Collections.max(before).logarithm(),
          Collections.max(after).logarithm() - old.logarithm());
    }
  }

  /** Copies the lists. */
  public Comparison {
    rows = List.copyOf(rows);
    differences = List.copyOf(differences);
  }

  /**
   * {@return the comparison}
   *
   * @param before runs of the older build, at least one
   * @param after runs of the newer build, at least one, all of the same devices
   */
  public static Comparison of(List<SpeedRun> before, List<SpeedRun> after) {
    List<DeviceRun> devices = after.getFirst().devices();
    var rows = new ArrayList<Row>();
    for (DeviceRun device : devices) {
      if (!device.id().startsWith(SpeedRun.REFERENCE) || devices.size() == 1) {
        rows.addAll(rows(changes(device.id(), before, after)));
      }
    }
    var differences = new LinkedHashSet<String>();
    before.forEach(old -> differences.addAll(differences(old, after.getFirst())));
    return new Comparison(rows, List.copyOf(differences));
  }

  /** {@return the kernels that became slower, the worst first} */
  public List<Row> slower() {
    return rows.stream()
        .filter(row -> row.verdict() == Verdict.SLOWER)
        .sorted(Comparator.comparingDouble(Row::ratio).reversed())
        .toList();
  }

  /** {@return whether a kernel might have changed, or its noise would have hidden that} */
  public boolean wantsConfirmation() {
    return rows.stream()
        .anyMatch(
            row -> row.verdict() != Verdict.SAME || Math.abs(Math.log(row.ratio())) > LEAST_CHANGE);
  }

  /** How every kernel of a device changed in every size that both builds have. */
  private static Map<Kernel, Map<Long, Change>> changes(
      String device, List<SpeedRun> before, List<SpeedRun> after) {
    var changes = new LinkedHashMap<Kernel, Map<Long, Change>>();
    for (Measurement m : measured(device, after)) {
      List<PacedTime> old = times(m, before);
      if (!old.isEmpty()) {
        changes
            .computeIfAbsent(Kernel.of(m), _ -> new LinkedHashMap<>())
            .computeIfAbsent(m.elements(), _ -> Change.of(old, times(m, after)));
      }
    }
    return changes;
  }

  private static List<Measurement> measured(String device, List<SpeedRun> runs) {
    return runs.stream()
        .flatMap(run -> run.measurements().stream())
        .filter(m -> m.taken() && m.device().equals(device))
        .toList();
  }

  /** Every process's time of what a measurement measures. */
  private static List<PacedTime> times(Measurement like, List<SpeedRun> runs) {
    return measured(like.device(), runs).stream()
        .filter(m -> m.unfused() == like.unfused() && m.sameWork(like))
        .map(PacedTime::of)
        .toList();
  }

  private static List<Row> rows(Map<Kernel, Map<Long, Change>> kernels) {
    List<Double> changes =
        kernels.values().stream().map(sizes -> typical(sizes, Change::value)).toList();
    if (changes.isEmpty()) {
      return List.of();
    }
    double middle = Quantiles.median(changes);
    boolean enough = changes.size() >= FEWEST_KERNELS;
    double drift = enough ? Math.clamp(middle, -LARGEST_DRIFT, LARGEST_DRIFT) : 0;
    double scatter =
        enough
            ? NORMAL * Quantiles.median(changes.stream().map(c -> Math.abs(c - middle)).toList())
            : 0;
    return kernels.entrySet().stream()
        .map(entry -> row(entry.getKey(), entry.getValue(), drift, scatter))
        .toList();
  }

  private static Row row(Kernel kernel, Map<Long, Change> changes, double drift, double scatter) {
    double band = Math.max(LEAST_CHANGE, Math.max(ERRORS * error(changes), DEVIATIONS * scatter));
    var sizes = new LinkedHashMap<Long, Double>();
    changes.forEach((elements, c) -> sizes.put(elements, Math.exp(c.value() - drift)));
    return new Row(
        kernel.device(),
        kernel.benchmark(),
        kernel.unfused(),
        Math.exp(typical(changes, Change::value) - drift),
        Math.exp(band),
        judge(changes, drift, band),
        sizes);
  }

  private static Verdict judge(Map<Long, Change> changes, double drift, double band) {
    // noise so large has no normal distribution: only what towers above it counts
    double needed = band > WIDEST_BAND ? TOWERING * band : band;
    double change = typical(changes, Change::value) - drift;
    if (change > needed) {
      boolean lucky = typical(changes, Change::least) - drift <= LEAST_CHANGE;
      return lucky ? Verdict.UNCLEAR : Verdict.SLOWER;
    }
    if (change < -needed) {
      boolean lucky = typical(changes, Change::most) - drift >= -LEAST_CHANGE;
      return lucky ? Verdict.UNCLEAR : Verdict.FASTER;
    }
    return band > WIDEST_BAND ? Verdict.UNCLEAR : Verdict.SAME;
  }

  private static double typical(Map<Long, Change> sizes, ToDoubleFunction<Change> what) {
    return Quantiles.median(sizes.values().stream().map(what::applyAsDouble).toList());
  }

  /** The standard error of the median over the sizes, to which the steadiest contribute most. */
  private static double error(Map<Long, Change> sizes) {
    double steadiness = sizes.values().stream().mapToDouble(c -> 1 / c.error()).sum();
    return OF_MEDIAN * Math.sqrt(sizes.size()) / steadiness;
  }

  private static List<String> differences(SpeedRun before, SpeedRun after) {
    var differences = new ArrayList<String>();
    differ(differences, "processor", before.machine().processor(), after.machine().processor());
    differ(differences, "processors", before.machine().processors(), after.machine().processors());
    differ(differences, "Java", before.machine().java(), after.machine().java());
    differ(differences, "options", before.machine().options(), after.machine().options());
    for (DeviceRun device : after.devices()) {
      before.devices().stream()
          .filter(old -> old.id().equals(device.id()))
          .findFirst()
          .ifPresent(old -> differ(differences, device.id(), old.name(), device.name()));
    }
    return differences;
  }

  private static void differ(List<String> differences, String what, Object old, Object recent) {
    if (!old.equals(recent)) {
      differences.add(String.format(Locale.ROOT, "%s: %s, now %s", what, old, recent));
    }
  }
}
