package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskFacts;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import dev.quern.train.message.BadInputException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FirstLookTest {

  @Test
  void saysSizesDepthsValuesAndShareOfObject() {
    FirstLook look = look(MaskRule.AUTO, grey(Map.of(0, 75L, 255, 25L), 25, 0));
    assertEquals(
        List.of(
            "Images: 2 images, 10 x 10, 1 channel, 8 bit", "Masks: values 0, 255, 25.0 % object"),
        look.lines());
    assertEquals(List.of(), look.warnings(MaskRule.AUTO));
  }

  @Test
  void isTheSameForAnyNumberOfThreads() {
    Dataset set = new SyntheticMicroscopy(9, 2, 0);
    assertEquals(
        FirstLook.at(set, 1, FirstLook.Progress.NONE).lines(),
        FirstLook.at(set, 4, FirstLook.Progress.NONE).lines());
    assertEquals(
        FirstLook.at(set, 1, FirstLook.Progress.NONE).otsu(),
        FirstLook.at(set, 4, FirstLook.Progress.NONE).otsu());
  }

  @Test
  void allFaultsAreTold() {
    Dataset bad = new Samples(new SyntheticMicroscopy(5, 2, 0), List.of(1, 3));
    FirstLook look = FirstLook.at(bad, 2, FirstLook.Progress.NONE);
    assertEquals(List.of("bad 1", "bad 3"), look.faults());
    assertEquals(3, look.looks().size());
  }

  @Test
  void masksThatAreAllOneThing() {
    warned(MaskRule.AUTO, grey(Map.of(0, 100L), 0, 0), "No pixel of any mask is the object");
    warned(MaskRule.AUTO, grey(Map.of(1, 100L), 100, 0), "Every pixel of every mask is the object");
    warned(
        MaskRule.AUTO,
        facts(Map.of(0, 60L, 1, 40L), MaskFacts.Kind.GREY, true, false, 0, 0),
        "No pixel",
        "end at 1",
        "--mask-rule above=0");
    // all object but the void is all object, too
    warned(
        new MaskRule(MaskRule.Kind.AUTO, 0, Set.of(), 255),
        grey(Map.of(1, 90L, 255, 10L), 90, 10),
        "Every pixel");
  }

  @Test
  void shapesInTheAlphaChannelAlone() {
    warned(
        MaskRule.AUTO,
        facts(Map.of(0xFFFFFF, 100L), MaskFacts.Kind.COLOUR, false, true, 100, 0),
        "alpha channel alone",
        "--mask-rule alpha");
  }

  @Test
  void moreThanTwoValues() {
    warned(
        MaskRule.AUTO,
        grey(Map.of(0, 50L, 1, 30L, 255, 20L), 50, 0),
        "more than two values",
        "0, 1, 255",
        "--ignore-value");
    MaskRule ignoring = new MaskRule(MaskRule.Kind.AUTO, 0, Set.of(), 255);
    FirstLook look = look(ignoring, grey(Map.of(0, 50L, 1, 30L, 255, 20L), 30, 20));
    assertEquals(List.of(), look.warnings(ignoring));
  }

  @Test
  void noiseAsOfJpeg() {
    Map<Integer, Long> noise = new TreeMap<>(Map.of(0, 5000L, 255, 4000L));
    for (int i = 1; i < 12; i++) {
      noise.put(i, 10L);
      noise.put(255 - i, 10L);
    }
    warned(MaskRule.AUTO, grey(noise, 5000, 0), "as JPEG leaves them", "--mask-rule above=127");
  }

  private static void warned(MaskRule rule, MaskFacts facts, String... parts) {
    List<String> warnings = look(rule, facts).warnings(rule);
    for (String part : parts) {
      assertTrue(
          warnings.stream().anyMatch(warning -> warning.contains(part)), warnings + " " + part);
    }
  }

  private static FirstLook look(MaskRule rule, MaskFacts facts) {
    assertTrue(rule.values().isEmpty());
    Sample sample =
        new Sample(
            "n",
            Image.of(1, 10, 10, new float[100]),
            new Mask(10, 10, new byte[100]),
            facts,
            List.of());
    return FirstLook.at(new Fixed(List.of(sample, sample)), 1, FirstLook.Progress.NONE);
  }

  private static MaskFacts grey(Map<Integer, Long> values, long object, long ignored) {
    return facts(values, MaskFacts.Kind.GREY, false, false, object, ignored);
  }

  private static MaskFacts facts(
      Map<Integer, Long> values,
      MaskFacts.Kind kind,
      boolean lossy,
      boolean alphaVaries,
      long object,
      long ignored) {
    long pixels = values.values().stream().mapToLong(Long::longValue).sum();
    return new MaskFacts(values, kind, lossy, alphaVaries, 255, object, ignored, pixels);
  }

  private record Fixed(List<Sample> samples) implements Dataset {
    @Override
    public int size() {
      return samples.size();
    }

    @Override
    public String name(int index) {
      return samples.get(index).name();
    }

    @Override
    public long largestSample() {
      return 0;
    }

    @Override
    public Sample sample(int index) {
      return samples.get(index);
    }
  }

  private record Samples(Dataset good, List<Integer> bad) implements Dataset {
    @Override
    public int size() {
      return good.size();
    }

    @Override
    public String name(int index) {
      return good.name(index);
    }

    @Override
    public long largestSample() {
      return 0;
    }

    @Override
    public Sample sample(int index) {
      if (bad.contains(index)) {
        throw new BadInputException("bad " + index);
      }
      return good.sample(index);
    }
  }
}
