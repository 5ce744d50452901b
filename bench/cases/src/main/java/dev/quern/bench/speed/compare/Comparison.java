package dev.quern.bench.speed.compare;

import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.SpeedRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Sets runs of a newer build against runs of an older one on the same machine.
 *
 * <p>Every run is a process of its own, and a kernel can take half as long again in one process as
 * in the next, in every size, because the compiler goes by what it saw before; so each build is
 * taken at the fastest of its processes. What is compared is the logarithm of new over old {@link
 * PacedTime}, of a kernel the median over its sizes. {@link Rule} says what counts as a change.
 *
 * <p>The reference is compared only where there is nothing else: it is the baseline, and its plain
 * loops come out of the compiler a third apart from one process to the next, a few now and then
 * many times slower.
 *
 * @param rows one for each kernel and device that runs of both builds have
 * @param differences what about the machines is not the same; then the rows mean little
 */
public record Comparison(List<Row> rows, List<String> differences) {

  /** What became of a kernel. */
  public enum Verdict {
    /** Slower than the noise explains, in all processes. */
    SLOWER,
    /** Faster than the noise explains, in all processes. */
    FASTER,
    /** Within 8 %, and the noise would not have hidden 20 %. */
    SAME,
    /** A change that noise may explain or not all processes show, or noise that would hide one. */
    UNCLEAR
  }

  /**
   * One kernel on one device.
   *
   * @param device the device's name
   * @param benchmark the benchmark's name
   * @param unfused whether this is a loss's unfused definition
   * @param ratio new time over old, in the device's own pace, the median over the sizes
   * @param noise what the ratio may reach, or fall to the inverse of, by chance
   * @param verdict what that means
   * @param sizes new time over old for each size
   */
  public record Row(
      String device,
      String benchmark,
      boolean unfused,
      double ratio,
      double noise,
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

  /** {@return whether a kernel changed, or might have} */
  public boolean wantsConfirmation() {
    return rows.stream().anyMatch(row -> row.verdict() != Verdict.SAME);
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
    var rule =
        Rule.of(kernels.values().stream().map(sizes -> Change.typical(sizes.values())).toList());
    return kernels.entrySet().stream()
        .map(entry -> row(entry.getKey(), entry.getValue(), rule))
        .toList();
  }

  private static Row row(Kernel kernel, Map<Long, Change> changes, Rule rule) {
    var sizes = new LinkedHashMap<Long, Double>();
    changes.forEach((elements, c) -> sizes.put(elements, Math.exp(c.value() - rule.drift())));
    Change typical = Change.typical(changes.values());
    return new Row(
        kernel.device(),
        kernel.benchmark(),
        kernel.unfused(),
        Math.exp(typical.value() - rule.drift()),
        Math.exp(rule.noise(typical)),
        rule.verdict(typical),
        sizes);
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
