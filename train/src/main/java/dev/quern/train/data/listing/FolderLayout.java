package dev.quern.train.data.listing;

import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Samples of a folder of images and a folder of masks, paired by name. */
final class FolderLayout {

  private static final int SHOWN = 5;

  private FolderLayout() {}

  /**
   * Pairs two folders, or the pictures of one by a suffix.
   *
   * @param images folder of the images
   * @param masks folder of the masks; may be the same if there is a suffix
   * @param suffix that mask names have behind the image's, or empty
   * @param recursive whether sub-folders are looked into
   * @throws BadInputException when a folder cannot be used at all
   */
  static Listing list(Path images, Path masks, String suffix, boolean recursive) {
    boolean one = same(images, masks);
    ImageFolder imageFolder = ImageFolder.list(images, recursive);
    if (one && suffix.isEmpty()) {
      throw new BadInputException(
          "--images and --masks are the same folder %s, so that every image would be its own mask; %s."
              .formatted(images, remedy(imageFolder.pictures().keySet())));
    }
    ImageFolder maskFolder = one ? imageFolder : ImageFolder.list(masks, recursive);
    NavigableMap<String, Path> unused = new TreeMap<>(maskFolder.pictures());
    List<SampleFiles> samples = new ArrayList<>();
    List<String> faults = new ArrayList<>(imageFolder.faults());
    for (Map.Entry<String, Path> entry : imageFolder.pictures().entrySet()) {
      String name = entry.getKey();
      if (one && name.endsWith(suffix)) {
        continue;
      }
      unused.remove(one ? name : "");
      Path mask = unused.remove(name + suffix);
      if (mask == null) {
        faults.add(
            "%s has no mask: put %s%s.png into %s, or remove the image."
                .formatted(entry.getValue(), name, suffix, masks));
      } else {
        samples.add(new SampleFiles(name, entry.getValue(), 0, List.of(mask), null));
      }
    }
    List<String> notes = new ArrayList<>(imageFolder.notes());
    if (!one) {
      faults.addAll(maskFolder.faults());
      notes.addAll(maskFolder.notes());
    }
    if (!unused.isEmpty()) {
      notes.add(
          "%s in %s without an image left out: %s%s."
              .formatted(
                  Count.of(unused.size(), "mask"),
                  masks,
                  unused.keySet().stream().limit(SHOWN).collect(Collectors.joining(", ")),
                  unused.size() > SHOWN ? " and others" : ""));
    }
    return new Listing(samples, notes, faults);
  }

  private static boolean same(Path one, Path other) {
    try {
      return Files.isDirectory(one) && Files.isDirectory(other) && Files.isSameFile(one, other);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot compare %s with %s: %s.".formatted(one, other, IoReason.of(e)), e);
    }
  }

  /** Names such as {@code a.png} beside {@code a_mask.png} show how the folder is meant. */
  private static String remedy(Set<String> names) {
    Map<String, Integer> suffixes = new TreeMap<>();
    for (String name : names) {
      for (int end = 1; end < name.length(); end++) {
        if (names.contains(name.substring(0, end))) {
          suffixes.merge(name.substring(end), 1, Integer::sum);
        }
      }
    }
    return suffixes.entrySet().stream()
        .filter(entry -> entry.getValue() >= Math.max(1, names.size() / 4))
        .max(Map.Entry.comparingByValue())
        .map(entry ->
            "%d of its files end in %s: give --mask-suffix %s"
                .formatted(entry.getValue(), entry.getKey(), entry.getKey()))
        .orElse("give the folder of the masks, or --mask-suffix if they lie beside the images");
  }
}
