package dev.quern.train.run;

import dev.quern.train.data.CachedDataset;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.FirstLook;
import dev.quern.train.data.Look;
import dev.quern.train.data.Split;
import dev.quern.train.data.listing.SampleFiles;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import dev.quern.train.message.BadInputException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The images of a run, all looked at once and divided.
 *
 * @param split training, validation and test images that can be used
 * @param look what was seen of the training images
 * @param validationLook what was seen of the validation images
 * @param notes what was left alone, skipped or doubtful, a sentence each
 * @param identity what tells whether images are the same; null of synthetic ones
 */
public record TrainingData(
    Split split,
    FirstLook look,
    FirstLook validationLook,
    List<String> notes,
    DataConfig.@Nullable Identity identity) {

  /** Far from the numbers of any training set, so that no picture is in both. */
  private static final long FIRST_VALIDATION_PICTURE = 1L << 32;

  /**
   * Opens, reads and divides all images; decoded ones stay in memory while they fit into a quarter
   * of the heap.
   *
   * @param config where the images come from
   * @param seed of synthetic images and of the division
   * @param threads that read
   * @param progress is told how far it is
   * @return what there is to train on
   * @throws BadInputException when images or masks cannot be used: all of them are named
   */
  public static TrainingData open(
      DataConfig config, long seed, int threads, FirstLook.Progress progress) {
    if (!config.train().isGiven()) {
      return synthetic(config, seed, threads, progress);
    }
    long budget = Runtime.getRuntime().maxMemory() / 4;
    LabelledData reader = new LabelledData(config.reading(), config.skipBad(), threads);
    int others = (config.validation().isGiven() ? 1 : 0) + (config.test().isGiven() ? 1 : 0);
    LabelledData.Part train = reader.read(config.train(), budget - others * (budget / 4), progress);
    LabelledData.Part validation =
        config.validation().isGiven()
            ? reader.read(config.validation(), budget / 4, progress)
            : null;
    LabelledData.Part test =
        config.test().isGiven() ? reader.read(config.test(), budget / 4, progress) : null;
    reader.judge();
    Split split = split(config, seed, train, validation, test);
    requireEqualChannels(train.look(), split.train());
    requireDisjointGroups("training", train, "validation", validation);
    requireDisjointGroups("training", train, "test", test);
    requireDisjointGroups("validation", validation, "test", test);
    List<SampleFiles> files = new ArrayList<>(train.files());
    if (validation != null) {
      files.addAll(validation.files());
    }
    if (test != null) {
      files.addAll(test.files());
    }
    return new TrainingData(
        split,
        train.look().of(split.train()),
        (validation == null ? train : validation).look().of(split.validation()),
        reader.notes(),
        identity(files));
  }

  private static Split split(
      DataConfig config,
      long seed,
      LabelledData.Part train,
      LabelledData.@Nullable Part validation,
      LabelledData.@Nullable Part test) {
    if (validation == null) {
      Split split = Split.random(train.data(), config.division(), seed);
      return test == null ? split : new Split(split.train(), split.validation(), test.data());
    }
    return new Split(train.data(), validation.data(), test == null ? null : test.data());
  }

  private static TrainingData synthetic(
      DataConfig config, long seed, int threads, FirstLook.Progress progress) {
    int held = Math.max(1, (int) Math.round(config.synthetic() * config.division().validation()));
    long budget = Runtime.getRuntime().maxMemory() / 8;
    Dataset train = new CachedDataset(new SyntheticMicroscopy(config.synthetic(), seed, 0), budget);
    Dataset validation =
        new CachedDataset(new SyntheticMicroscopy(held, seed, FIRST_VALIDATION_PICTURE), budget);
    return new TrainingData(
        new Split(train, validation, null),
        FirstLook.at(train, threads, progress),
        FirstLook.at(validation, threads, progress),
        List.of(),
        null);
  }

  private static void requireEqualChannels(FirstLook look, Dataset train) {
    Set<Integer> channels = new TreeSet<>();
    look.of(train).looks().values().forEach(seen -> channels.add(seen.channels()));
    channels.remove(1);
    if (channels.size() > 1) {
      Look first = look.looks().values().iterator().next();
      throw new BadInputException(
          "The training images have %s channels (%s has %d); give images of equal channels, or grey ones beside them."
              .formatted(
                  channels.stream().map(String::valueOf).collect(Collectors.joining(" and ")),
                  first.name(),
                  first.channels()));
    }
  }

  /** A patient in both would make the score look better than it is. */
  private static void requireDisjointGroups(
      String name,
      LabelledData.@Nullable Part part,
      String otherName,
      LabelledData.@Nullable Part other) {
    if (part == null || other == null) {
      return;
    }
    Set<String> groups = groups(part);
    groups.retainAll(groups(other));
    if (!groups.isEmpty()) {
      throw new BadInputException(
          "%s among the %s images and the %s images, such as '%s'; a group belongs to one side."
              .formatted(
                  groups.size() == 1 ? "1 group is" : groups.size() + " groups are",
                  name,
                  otherName,
                  groups.iterator().next()));
    }
  }

  private static Set<String> groups(LabelledData.Part part) {
    Set<String> groups = new TreeSet<>();
    for (SampleFiles files : part.files()) {
      if (files.group() != null) {
        groups.add(files.group());
      }
    }
    return groups;
  }

  private static DataConfig.Identity identity(List<SampleFiles> samples) {
    List<String> lines = new ArrayList<>();
    for (SampleFiles sample : samples) {
      StringBuilder line = new StringBuilder(sample.name());
      line.append('\t').append(sample.group() == null ? "" : sample.group());
      line.append('\t').append(sample.image().toFile().length());
      sample.masks().forEach(mask -> line.append('\t').append(mask.toFile().length()));
      lines.add(line.append('\n').toString());
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      lines.forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
      return new DataConfig.Identity(lines.size(), HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
