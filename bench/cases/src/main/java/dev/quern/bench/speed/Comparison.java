package dev.quern.bench.speed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Sets a run against an older one of the same machine.
 *
 * <p>A visit's time is the lower quartile of its samples, which disturbances lengthen and nothing
 * shortens, expressed in the device's own pace just then: multiplied by the rate of a plain copy or
 * of fma chains around it, whichever leaves less spread within the two runs at this size, or by
 * nothing if neither helps. A measurement is the median of its visits, its noise half the way from
 * their 10th to their 90th percentile; what is compared is the logarithm of new over old. A
 * kernel's change is the median over its sizes. It counts if it lies further from the median of all
 * kernels of the device (what two runs differ in as a whole, up to a limit) than all of three
 * things: the least change that matters, the kernel's own noise in both runs, and what a change
 * would be by chance, going by how the changes of all kernels scatter.
 *
 * <p>A kernel can take half as long again in one process as in the next, in every round and size,
 * and no number of rounds averages that out. So what is not clear at once wants a second process of
 * the newer build, and better also of the older: {@link #agreed}.
 *
 * <p>The reference is compared only where there is nothing else: it is the yardstick, and its plain
 * loops come out of the compiler a third apart from one process to the next, a few now and then
 * many times slower.
 *
 * @param rows one for each kernel and device that both runs have
 * @param differences what about the machines is not the same; then the rows mean little
 */
public record Comparison(List<Row> rows, List<String> differences) {

  /** A change below this is none: 8 %. */
  static final double LEAST_CHANGE = Math.log(1.08);

  /** How far two runs may differ as a whole without that being a change: 10 %. */
  static final double LARGEST_DRIFT = Math.log(1.10);

  /** Robust standard deviations of all kernels' changes that are taken for chance. */
  private static final double DEVIATIONS = 4;

  /** From the median absolute deviation to the standard deviation of a normal distribution. */
  private static final double NORMAL = 1.4826;

  /** Fewer kernels than this say nothing of the run as a whole. */
  private static final int FEWEST_KERNELS = 5;

  /** Of a visit's samples, the quantile that stands for it. */
  private static final double LOWER_QUARTILE = 0.25;

  /** Slower by this must not go unnoticed: beyond, a band is too wide to tell. */
  private static final double WIDEST_BAND = Math.log(1.2);

  /** So many times a band that is too wide. */
  private static final double TOWERING = 3;

  private static final List<ToDoubleFunction<Visit>> PACES =
      List.of(Visit::fmaGflops, Visit::copyGbs, _ -> 1.0);

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
    UNCLEAR;

    private boolean isChange() {
      return this == SLOWER || this == FASTER;
    }
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

    private boolean isOf(Row other) {
      return device.equals(other.device)
          && benchmark.equals(other.benchmark)
          && unfused == other.unfused;
    }

    /** Whether this shows a change the way another does, of 8 % at least. */
    private boolean goesAlong(Row other) {
      return Math.log(ratio) * Math.signum(Math.log(other.ratio)) > LEAST_CHANGE;
    }

    /** The clearest of several processes' rows; unclear if not all of them show its change. */
    private static Row agreed(List<Row> rows) {
      Row clearest = rows.stream().min(Comparator.comparingDouble(Row::band)).orElseThrow();
      boolean changed = rows.stream().anyMatch(row -> row.verdict.isChange());
      boolean agreed =
          clearest.verdict.isChange() && rows.stream().allMatch(row -> row.goesAlong(clearest));
      return new Row(
          clearest.device,
          clearest.benchmark,
          clearest.unfused,
          clearest.ratio,
          clearest.band,
          changed && !agreed ? Verdict.UNCLEAR : clearest.verdict,
          clearest.sizes);
    }
  }

  private record Kernel(String device, String benchmark, boolean unfused) {
    static Kernel of(Measurement m) {
      return new Kernel(m.device(), m.benchmark(), m.unfused());
    }
  }

  /** A measurement in both runs. */
  private record Pair(Measurement before, Measurement after) {}

  /** The logarithm of a change and its noise. */
  private record Change(double value, double noise) {}

  /** Copies the lists. */
  public Comparison {
    rows = List.copyOf(rows);
    differences = List.copyOf(differences);
  }

  /**
   * {@return the comparison}
   *
   * @param before the older run
   * @param after the newer run
   */
  public static Comparison of(SpeedRun before, SpeedRun after) {
    var rows = new ArrayList<Row>();
    for (DeviceRun device : after.devices()) {
      if (device.id().startsWith(SpeedRun.REFERENCE) && after.devices().size() > 1) {
        continue;
      }
      List<Pair> pairs = pairs(before, after, device.id());
      rows.addAll(rows(pairs));
    }
    return new Comparison(rows, differences(before, after));
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

  /**
   * {@return what several comparisons of the same two builds agree on: of each kernel of the first
   * the one whose band is narrowest decides; a change that not all of them show, the same way and
   * of 8 % at least, is unclear}
   *
   * @param comparisons one for each process of the older build with each of the newer
   */
  public static Comparison agreed(List<Comparison> comparisons) {
    Comparison first = comparisons.getFirst();
    List<Row> agreed =
        first.rows.stream()
            .map(row ->
                Row.agreed(
                    comparisons.stream()
                        .flatMap(comparison -> comparison.rows.stream().filter(row::isOf))
                        .toList()))
            .toList();
    return new Comparison(
        agreed, comparisons.stream().flatMap(c -> c.differences.stream()).distinct().toList());
  }

  private static List<Pair> pairs(SpeedRun before, SpeedRun after, String device) {
    return after.measurements().stream()
        .filter(m -> m.taken() && m.device().equals(device))
        .flatMap(m -> counterpart(before, m).map(old -> new Pair(old, m)).stream())
        .toList();
  }

  private static Optional<Measurement> counterpart(SpeedRun before, Measurement after) {
    return before.measurements().stream()
        .filter(m -> m.taken() && Kernel.of(m).equals(Kernel.of(after)))
        .filter(m -> m.elements() == after.elements())
        .findFirst();
  }

  /** The rows of one device. */
  private static List<Row> rows(List<Pair> pairs) {
    Map<Long, ToDoubleFunction<Visit>> paces = steadiestPaces(pairs);
    var kernels = new LinkedHashMap<Kernel, Map<Long, Change>>();
    for (Pair pair : pairs) {
      long elements = pair.after().elements();
      kernels
          .computeIfAbsent(Kernel.of(pair.after()), _ -> new LinkedHashMap<>())
          .put(elements, change(pair, paces.getOrDefault(elements, PACES.getFirst())));
    }
    List<Double> changes = kernels.values().stream().map(Comparison::typical).toList();
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
    double change = typical(changes) - drift;
    double noise = Quantiles.median(changes.values().stream().map(Change::noise).toList());
    double band = Math.max(LEAST_CHANGE, Math.max(noise, DEVIATIONS * scatter));
    var sizes = new LinkedHashMap<Long, Double>();
    changes.forEach((elements, c) -> sizes.put(elements, Math.exp(c.value() - drift)));
    return new Row(
        kernel.device(),
        kernel.benchmark(),
        kernel.unfused(),
        Math.exp(change),
        Math.exp(band),
        judge(change, band),
        sizes);
  }

  private static Verdict judge(double change, double band) {
    // noise so large has no normal distribution: only what towers above it counts
    double needed = band > WIDEST_BAND ? TOWERING * band : band;
    if (change > needed) {
      return Verdict.SLOWER;
    }
    if (change < -needed) {
      return Verdict.FASTER;
    }
    return band > WIDEST_BAND ? Verdict.UNCLEAR : Verdict.SAME;
  }

  private static double typical(Map<Long, Change> sizes) {
    return Quantiles.median(sizes.values().stream().map(Change::value).toList());
  }

  private static Change change(Pair pair, ToDoubleFunction<Visit> pace) {
    List<Double> old = inPace(pair.before(), pace);
    List<Double> recent = inPace(pair.after(), pace);
    return new Change(
        Quantiles.median(recent) - Quantiles.median(old), Math.hypot(noise(old), noise(recent)));
  }

  private static List<Double> inPace(Measurement measurement, ToDoubleFunction<Visit> pace) {
    return measurement.visits().stream()
        .map(visit ->
            Math.log(Quantiles.of(visit.nanos(), LOWER_QUARTILE) * pace.applyAsDouble(visit)))
        .toList();
  }

  private static double noise(List<Double> logarithms) {
    return (Quantiles.of(logarithms, 0.9) - Quantiles.of(logarithms, 0.1)) / 2;
  }

  /** For each size the pace in which visits of the same run differ least. */
  private static Map<Long, ToDoubleFunction<Visit>> steadiestPaces(List<Pair> pairs) {
    var steadiest = new LinkedHashMap<Long, ToDoubleFunction<Visit>>();
    for (long elements : pairs.stream().map(pair -> pair.after().elements()).distinct().toList()) {
      List<Measurement> all =
          pairs.stream()
              .filter(pair -> pair.after().elements() == elements)
              .flatMap(pair -> Stream.of(pair.before(), pair.after()))
              .toList();
      steadiest.put(
          elements,
          PACES.stream()
              .min(
                  Comparator.comparingDouble(pace ->
                      Quantiles.median(all.stream().map(m -> noise(inPace(m, pace))).toList())))
              .orElseThrow());
    }
    return steadiest;
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
