package dev.quern.train.data.listing;

import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Samples with a folder each, in which a folder {@code images} holds the picture and a folder
 * {@code masks} any number of masks, one per object: the layout of the 2018 Data Science Bowl.
 */
final class FolderPerImageLayout {

  private FolderPerImageLayout() {}

  /**
   * Looks into every folder of a folder.
   *
   * @param root holds one folder per image
   * @throws BadInputException when there is none
   */
  static Listing list(Path root) {
    List<SampleFiles> samples = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    List<String> faults = new ArrayList<>();
    for (Path folder : folders(root)) {
      try {
        samples.add(sample(folder, notes));
      } catch (BadInputException e) {
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    if (samples.isEmpty() && faults.isEmpty()) {
      throw new BadInputException(
          "%s holds no folders with a folder images and a folder masks in each; give the folder above them, or leave out --layout."
              .formatted(root));
    }
    return new Listing(samples, notes, faults);
  }

  private static SampleFiles sample(Path folder, List<String> notes) {
    ImageFolder images = ImageFolder.list(folder.resolve("images"), false);
    ImageFolder masks = ImageFolder.list(folder.resolve("masks"), false);
    if (images.pictures().size() != 1) {
      throw new BadInputException(
          "%s holds %d pictures; in this layout it holds one."
              .formatted(images.folder(), images.pictures().size()));
    }
    notes.addAll(images.notes());
    notes.addAll(masks.notes());
    return new SampleFiles(
        ImageFolder.normal(String.valueOf(folder.getFileName())),
        images.pictures().firstEntry().getValue(),
        0,
        List.copyOf(masks.pictures().values()),
        null);
  }

  private static List<Path> folders(Path root) {
    if (!Files.isDirectory(root)) {
      throw new BadInputException(
          "%s is not a folder; give the one that holds a folder for each image.".formatted(root));
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(Files::isDirectory)
          .filter(entry -> !String.valueOf(entry.getFileName()).startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BadInputException("Cannot list %s: %s.".formatted(root, IoReason.of(e)), e);
    }
  }
}
