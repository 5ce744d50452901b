package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DatasetTest {

  @Test
  void splitsTheSameWayForTheSameSeed() {
    Dataset source = new SyntheticMicroscopy(17, 3, 0);
    Split one = Split.random(source, Split.Rule.fraction(0.2), 5);
    Split two = Split.random(source, Split.Rule.fraction(0.2), 5);
    assertEquals(3, one.validation().size());
    assertEquals(14, one.train().size());
    TreeSet<String> names = new TreeSet<>();
    for (int i = 0; i < 3; i++) {
      assertEquals(one.validation().name(i), two.validation().name(i));
      names.add(one.validation().name(i));
    }
    for (int i = 0; i < 14; i++) {
      names.add(one.train().name(i));
    }
    assertEquals(17, names.size());
    Refusal.of(
        () -> Split.random(new SyntheticMicroscopy(1, 3, 0), Split.Rule.fraction(0.5), 5),
        "1 image cannot be divided",
        "--val-images");
  }

  @Test
  void shufflesByEpoch() {
    assertArrayEquals(Shuffle.order(50, 1, 2), Shuffle.order(50, 1, 2));
    assertFalse(Arrays.equals(Shuffle.order(50, 1, 2), Shuffle.order(50, 1, 3)));
  }

  @Test
  void cacheKeepsWhatFits() {
    Dataset source = new SyntheticMicroscopy(3, 3, 0);
    long one = 5L * SyntheticMicroscopy.SIDE * SyntheticMicroscopy.SIDE;
    Dataset cached = new CachedDataset(source, 2 * one);
    Sample first = cached.sample(0);
    Sample second = cached.sample(1);
    Sample third = cached.sample(2);
    assertSame(first, cached.sample(0));
    assertSame(second, cached.sample(1));
    assertNotSame(third, cached.sample(2));
    assertArrayEquals(third.image().plane(0), cached.sample(2).image().plane(0));
  }
}
