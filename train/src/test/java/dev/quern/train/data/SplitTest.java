package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SplitTest {

  @Test
  void noGroupIsOnTwoSides() {
    for (long seed = 0; seed < 20; seed++) {
      Split split = Split.random(grouped(30, 4), new Split.Rule(0.2, 0.2, 0, 0), seed);
      Dataset test = present(split.test());
      Set<String> train = groups(split.train());
      Set<String> validation = groups(split.validation());
      Set<String> kept = groups(test);
      assertTrue(
          disjoint(train, validation) && disjoint(train, kept) && disjoint(validation, kept));
      assertEquals(30, split.train().size() + split.validation().size() + test.size());
    }
  }

  @Test
  void everySampleIsValidatedOnceOverAllFolds() {
    for (int groupSize : new int[] {1, 3}) {
      TreeSet<String> seen = new TreeSet<>();
      int sum = 0;
      Set<String> test = null;
      for (int fold = 1; fold <= 5; fold++) {
        Split split = Split.random(grouped(34, groupSize), new Split.Rule(0.2, 0.1, fold, 5), 7);
        assertTrue(disjoint(groups(split.train()), groups(split.validation())));
        seen.addAll(names(split.validation()));
        sum += split.validation().size();
        Set<String> kept = names(present(split.test()));
        assertTrue(test == null || test.equals(kept), "the test part depends on the fold");
        test = kept;
        assertTrue(split.validation().size() >= 5 && split.validation().size() <= 8);
      }
      assertEquals(34 - present(test).size(), seen.size());
      assertEquals(seen.size(), sum);
    }
  }

  @Test
  void tooFewGroupsAreRefused() {
    Refusal.of(
        () -> Split.random(grouped(30, 30), Split.Rule.fraction(0.2), 1),
        "30 images of 1 group",
        "2 parts");
    Refusal.of(
        () -> Split.random(grouped(4, 1), new Split.Rule(0.2, 0, 1, 5), 1), "4 images", "5 parts");
    Split smallest = Split.random(grouped(3, 1), new Split.Rule(0.2, 0.2, 0, 0), 1);
    assertEquals(1, smallest.train().size());
    assertFalse(names(smallest.validation()).isEmpty());
  }

  private static <T> T present(@Nullable T value) {
    assertNotNull(value);
    if (value == null) {
      throw new AssertionError();
    }
    return value;
  }

  private static boolean disjoint(Set<String> one, Set<String> other) {
    Set<String> both = new HashSet<>(one);
    both.retainAll(other);
    return both.isEmpty();
  }

  private static Set<String> groups(Dataset part) {
    Set<String> groups = new TreeSet<>();
    for (int i = 0; i < part.size(); i++) {
      groups.add(String.valueOf(part.group(i)));
    }
    return groups;
  }

  private static Set<String> names(Dataset part) {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < part.size(); i++) {
      names.add(part.name(i));
    }
    return names;
  }

  private static Dataset grouped(int size, int groupSize) {
    return new Dataset() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public String name(int index) {
        return "n" + index;
      }

      @Override
      public String group(int index) {
        return "g" + index / groupSize;
      }

      @Override
      public long largestSample() {
        return 0;
      }

      @Override
      public Sample sample(int index) {
        throw new AssertionError("Dividing reads nothing.");
      }
    };
  }
}
