package dev.quern.train.data;

import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.mask.MaskFacts;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What was seen of a data set's samples before training. Every file is read once, so that all
 * faults come to light together.
 *
 * @param looks index in the data set to what was seen, of the samples that can be used
 * @param faults what is wrong with the others, a sentence each
 */
public record FirstLook(Map<Integer, Look> looks, List<String> faults) {

  private static final int SHOWN_VALUES = 8;

  /** Of a JPEG's noise, share of the pixels that lie near black and near white. */
  private static final double NEAR_ENDS = 0.95;

  /** Is told how far it is. */
  public interface Progress {

    /** Tells nobody. */
    Progress NONE =
        new Progress() {
          @Override
          public void begin(int images) {}

          @Override
          public void looked() {}
        };

    /**
     * A data set is about to be looked at.
     *
     * @param images how many it has
     */
    void begin(int images);

    /** One more was looked at. */
    void looked();
  }

  /**
   * Looks at all samples, on background threads.
   *
   * @param data the samples
   * @param threads how many at most; fewer where samples are large for the heap
   * @param progress is told on the caller's thread
   * @return what was seen, the same for any number of threads
   */
  public static FirstLook at(Dataset data, int threads, Progress progress) {
    progress.begin(data.size());
    // twice a sample: a mask of Otsu's threshold comes with it, and what its reader needs
    long atOnce = Runtime.getRuntime().maxMemory() / 2 / Math.max(1, 2 * data.largestSample());
    try (ExecutorService pool =
        Executors.newFixedThreadPool(
            Math.clamp(atOnce, 1, threads),
            Thread.ofPlatform().daemon().name("quern-look-", 0).factory())) {
      List<Future<Look>> futures = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        int index = i;
        Callable<Look> task = () -> look(data, index);
        futures.add(pool.submit(task));
      }
      Map<Integer, Look> looks = new LinkedHashMap<>();
      List<String> faults = new ArrayList<>();
      for (int i = 0; i < futures.size(); i++) {
        try {
          looks.put(i, futures.get(i).get());
          progress.looked();
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case BadInputException fault -> faults.add(String.valueOf(fault.getMessage()));
            case RuntimeException failure -> throw failure;
            case Error failure -> throw failure;
            case null, default -> throw new IllegalStateException(e);
          }
        }
      }
      return new FirstLook(looks, faults);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while looking at the images", e);
    }
  }

  private static Look look(Dataset data, int index) {
    Sample sample = data.sample(index);
    Look look = Look.at(sample);
    sample.image().close();
    return look;
  }

  /**
   * Counts of Otsu's threshold over some samples.
   *
   * @return their sum
   */
  public ConfusionCounts otsu() {
    return looks.values().stream()
        .map(Look::otsu)
        .reduce(new ConfusionCounts(0, 0, 0, 0), ConfusionCounts::plus);
  }

  /**
   * What people want to know of a data set, a line each.
   *
   * @return sizes, channels and depths of the images, values and share of object of the masks
   */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (!looks.isEmpty()) {
      lines.add(
          "Images: %s, %s, %s, %s bit"
              .formatted(
                  Count.of(looks.size(), "image"),
                  sizes(),
                  range(Look::channels)
                      + (range(Look::channels).equals("1") ? " channel" : " channels"),
                  range(Look::bits)));
      lines.add("Masks: %s, %s".formatted(values(), share()));
    }
    return lines;
  }

  private String sizes() {
    var sizes =
        looks.values().stream()
            .map(look -> look.width() + " x " + look.height())
            .distinct()
            .toList();
    return sizes.size() == 1
        ? sizes.getFirst()
        : "%s wide and %s high".formatted(range(Look::width), range(Look::height));
  }

  private String range(ToIntFunction<Look> of) {
    var numbers = new TreeSet<Integer>();
    looks.values().forEach(look -> numbers.add(of.applyAsInt(look)));
    return numbers.size() <= 2
        ? numbers.stream().map(String::valueOf).collect(Collectors.joining(" and "))
        : numbers.first() + " to " + numbers.last();
  }

  private String share() {
    long ignored = sum(look -> look.mask().ignored());
    String text = percent(object(), pixels()) + " object";
    return ignored == 0 ? text : text + ", " + percent(ignored, pixels()) + " void";
  }

  private static String percent(long part, long whole) {
    double percent = 100.0 * part / whole;
    return part == 0
        ? "0 %"
        : part == whole ? "100 %" : String.format(java.util.Locale.ROOT, "%.3g %%", percent);
  }

  private interface Pixels {
    long of(Look look);
  }

  private long sum(Pixels pixels) {
    return looks.values().stream().mapToLong(pixels::of).sum();
  }

  private long object() {
    return sum(look -> look.mask().object());
  }

  private long pixels() {
    return sum(look -> look.mask().pixels());
  }

  private Map<Integer, Long> counts() {
    Map<Integer, Long> all = new TreeMap<>();
    looks
        .values()
        .forEach(look -> look.mask().values().forEach((v, n) -> all.merge(v, n, Long::sum)));
    all.values().removeIf(count -> count == 0);
    return all;
  }

  private MaskFacts.@Nullable Kind kind() {
    var kinds = looks.values().stream().map(look -> look.mask().kind()).distinct().toList();
    return kinds.size() == 1 ? kinds.getFirst() : null;
  }

  private String values() {
    Map<Integer, Long> counts = counts();
    MaskFacts.Kind kind = kind();
    String what =
        kind == MaskFacts.Kind.INDEX
            ? "indices"
            : kind == MaskFacts.Kind.COLOUR ? "colours" : "values";
    String shown =
        counts.keySet().stream()
            .limit(SHOWN_VALUES)
            .map(value -> kind == MaskFacts.Kind.COLOUR ? hex(value) : String.valueOf(value))
            .collect(Collectors.joining(", "));
    return what
        + " "
        + shown
        + (counts.size() > SHOWN_VALUES ? ", ... (%d)".formatted(counts.size()) : "");
  }

  private static String hex(int colour) {
    return "%06x".formatted(colour);
  }

  /**
   * What makes one doubt that training is meant, and what was tolerated, a sentence each.
   *
   * @param rule that the masks were read by
   * @return most serious first
   */
  public List<String> warnings(MaskRule rule) {
    List<String> warnings = new ArrayList<>();
    if (looks.isEmpty()) {
      return warnings;
    }
    Map<Integer, Long> counts = counts();
    long object = object();
    long known = pixels() - sum(look -> look.mask().ignored());
    boolean varies = looks.values().stream().anyMatch(look -> look.mask().alphaVaries());
    boolean lossy = looks.values().stream().anyMatch(look -> look.mask().lossy());
    if (varies && counts.size() == 1 && rule.kind() != MaskRule.Kind.ALPHA) {
      warnings.add("The shape lies in the masks' alpha channel alone: give --mask-rule alpha.");
    }
    if (object == 0) {
      warnings.add(
          "No pixel of any mask is the object, so there is nothing to learn%s."
              .formatted(
                  lossy && !counts.isEmpty()
                      ? ": the values of these lossy files end at %d, and the object begins above half of their range; give --mask-rule above=0"
                          .formatted(counts.keySet().stream().mapToInt(v -> v).max().orElse(0))
                      : ": see --mask-rule"));
    } else if (object == known) {
      warnings.add(
          "Every pixel of every mask is the object, so there is nothing to learn: see --mask-rule.");
    } else {
      uniform(warnings);
    }
    if (counts.size() > 2
        && rule.kind() != MaskRule.Kind.COLOURS
        && rule.kind() != MaskRule.Kind.VALUES) {
      if (looksLikeJpegNoise(counts)) {
        warnings.add(
            "The masks hold %s near black and white, as JPEG leaves them%s."
                .formatted(
                    Count.of(counts.size(), "value"),
                    rule.kind() == MaskRule.Kind.AUTO && !lossy
                        ? ", and all that is not quite black is the object: give --mask-rule above=127"
                        : ""));
      } else if (!(counts.size() == 3 && rule.ignored() != null)) {
        warnings.add(
            "The masks hold more than two values (%s): %s is the object. If they are classes or void, see --mask-rule and --ignore-value."
                .formatted(
                    values(),
                    rule.kind() == MaskRule.Kind.ABOVE
                        ? "what is above the threshold"
                        : "all that is not black"));
      }
    }
    looks.values().forEach(look -> warnings.addAll(look.warnings()));
    return warnings;
  }

  private void uniform(List<String> warnings) {
    long empty = sum(look -> look.mask().object() == 0 ? 1 : 0);
    long full =
        sum(look -> look.mask().object() == look.mask().pixels() - look.mask().ignored() ? 1 : 0);
    if (full > 0) {
      warnings.add("%s %s all object.".formatted(Count.of(full, "mask"), full == 1 ? "is" : "are"));
    }
    if (2 * empty > looks.size()) {
      warnings.add("%s of %d are empty.".formatted(Count.of(empty, "mask"), looks.size()));
    }
  }

  private boolean looksLikeJpegNoise(Map<Integer, Long> counts) {
    if (kind() != MaskFacts.Kind.GREY || counts.size() < 10) {
      return false;
    }
    float top =
        (float) looks.values().stream().mapToDouble(l -> l.mask().largest()).max().orElse(255);
    long near = 0;
    long all = 0;
    for (Map.Entry<Integer, Long> entry : counts.entrySet()) {
      float value = entry.getKey() / top;
      near += value < 0.1 || value > 0.9 ? entry.getValue() : 0;
      all += entry.getValue();
    }
    return near >= NEAR_ENDS * all;
  }

  /**
   * What was seen of some of the samples.
   *
   * @param part has samples of this data set
   * @return looks at those, with no faults
   */
  public FirstLook of(Dataset part) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < part.size(); i++) {
      names.add(part.name(i));
    }
    Map<Integer, Look> some = new LinkedHashMap<>(looks);
    some.values().removeIf(look -> !names.contains(look.name()));
    return new FirstLook(some, List.of());
  }
}
