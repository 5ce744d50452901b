package dev.quern.train.data;

import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A data set divided into parts.
 *
 * @param train what the model learns from
 * @param validation what it is judged by while it learns
 * @param test what it is judged by once, at the end; null for none
 */
public record Split(Dataset train, Dataset validation, @Nullable Dataset test) {

  /**
   * How a data set is divided. A group is never on two sides; a sample without group is one of its
   * own.
   *
   * @param validation share of the validation part, between 0 and 1, where there are no folds
   * @param test share of the test part, 0 for none
   * @param fold which part of {@code folds} is the validation part, from 1; 0 for none
   * @param folds how many parts what is not for the test is cut into
   */
  public record Rule(double validation, double test, int fold, int folds) {

    /**
     * Holds back a share.
     *
     * @param fraction of the validation part, between 0 and 1
     * @return the rule
     */
    public static Rule fraction(double fraction) {
      return new Rule(fraction, 0, 0, 0);
    }
  }

  /**
   * Divides by chance; the same names, groups, rule and seed always give the same parts, each in
   * the order of the source. The test part does not depend on the fold.
   *
   * @param source at least two groups
   * @param rule how
   * @param seed of the draw
   * @return the parts; no one is empty
   * @throws BadInputException when there are fewer groups than parts
   */
  public static Split random(Dataset source, Rule rule, long seed) {
    List<int[]> groups = groups(source);
    int parts = (rule.test() > 0 ? 1 : 0) + Math.max(2, rule.folds());
    if (groups.size() < parts) {
      throw new BadInputException(
          "%s cannot be divided into %d parts; give more, or %s."
              .formatted(
                  groups.size() == source.size()
                      ? Count.of(groups.size(), "image")
                      : Count.of(source.size(), "image")
                          + " of "
                          + Count.of(groups.size(), "group"),
                  parts,
                  rule.folds() > 0 ? "fewer folds" : "--val-images and --val-masks"));
    }
    int[] order = Shuffle.order(groups.size(), seed, 0);
    List<int[]> shuffled = new ArrayList<>();
    for (int group : order) {
      shuffled.add(groups.get(group));
    }
    // from the end, so that the same draw without a test part begins alike
    List<int[]> test = new ArrayList<>();
    if (rule.test() > 0) {
      int wanted = held(source.size(), rule.test());
      int others = Math.max(2, rule.folds());
      while (shuffled.size() > others && (test.isEmpty() || count(test) < wanted)) {
        test.add(shuffled.removeLast());
      }
    }
    List<int[]> validation =
        rule.folds() > 0
            ? fold(shuffled, rule)
            : first(shuffled, held(source.size(), rule.validation()));
    List<int[]> train = new ArrayList<>(shuffled);
    train.removeAll(validation);
    return new Split(
        subset(source, train),
        subset(source, validation),
        rule.test() > 0 ? subset(source, test) : null);
  }

  private static List<int[]> groups(Dataset source) {
    Map<Object, List<Integer>> groups = new LinkedHashMap<>();
    for (int i = 0; i < source.size(); i++) {
      String group = source.group(i);
      groups.computeIfAbsent(group == null ? i : group, _ -> new ArrayList<>()).add(i);
    }
    return groups.values().stream()
        .map(group -> group.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }

  private static int held(int size, double fraction) {
    return Math.clamp(Math.round(size * fraction), 1, size - 1);
  }

  private static int count(List<int[]> groups) {
    return groups.stream().mapToInt(group -> group.length).sum();
  }

  /** Groups from the front until enough samples are held back; at least one group stays. */
  private static List<int[]> first(List<int[]> groups, int wanted) {
    List<int[]> held = new ArrayList<>();
    for (int[] group : groups.subList(0, groups.size() - 1)) {
      if (count(held) >= wanted) {
        break;
      }
      held.add(group);
    }
    return held;
  }

  /** Deals the groups out, each to the fold with the fewest samples. */
  private static List<int[]> fold(List<int[]> groups, Rule rule) {
    List<List<int[]>> folds = new ArrayList<>();
    for (int i = 0; i < rule.folds(); i++) {
      folds.add(new ArrayList<>());
    }
    int[] sizes = new int[rule.folds()];
    for (int[] group : groups) {
      int smallest = 0;
      for (int i = 1; i < sizes.length; i++) {
        smallest = sizes[i] < sizes[smallest] ? i : smallest;
      }
      folds.get(smallest).add(group);
      sizes[smallest] += group.length;
    }
    return folds.get(rule.fold() - 1);
  }

  private static Dataset subset(Dataset source, List<int[]> groups) {
    int[] indices = groups.stream().flatMapToInt(Arrays::stream).sorted().toArray();
    return new SubsetDataset(source, indices);
  }
}
