package dev.quern.train.data;

import dev.quern.train.BadInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Images and masks of two folders, paired by file stem; a mask without an image is left out. A
 * sample is decoded when it is asked for.
 */
public final class FolderDataset implements Dataset {

  private record Pair(String name, Path image, Path mask) {}

  private final List<Pair> pairs;

  private FolderDataset(List<Pair> pairs) {
    this.pairs = List.copyOf(pairs);
  }

  /**
   * Pairs the files of two folders by name; reads none of them yet.
   *
   * @param images folder of the pictures
   * @param masks folder of the masks
   * @return the pairs in the order of their stems
   * @throws BadInputException when a folder is empty or an image has no mask
   */
  public static FolderDataset open(Path images, Path masks) {
    NavigableMap<String, Path> imageFiles = ImageFolder.list(images);
    NavigableMap<String, Path> maskFiles = ImageFolder.list(masks);
    List<Pair> pairs = new ArrayList<>();
    for (Map.Entry<String, Path> entry : imageFiles.entrySet()) {
      Path mask = maskFiles.get(entry.getKey());
      if (mask == null) {
        throw new BadInputException(
            "%s has no mask: put %s.png into %s, or remove the image."
                .formatted(entry.getValue(), entry.getKey(), masks));
      }
      pairs.add(new Pair(entry.getKey(), entry.getValue(), mask));
    }
    return new FolderDataset(pairs);
  }

  @Override
  public int size() {
    return pairs.size();
  }

  @Override
  public String name(int index) {
    return pairs.get(index).name();
  }

  @Override
  public Sample sample(int index) {
    Pair pair = pairs.get(index);
    Image image = ImageFiles.readImage(pair.image());
    Mask mask = ImageFiles.readMask(pair.mask());
    if (mask.width() != image.width() || mask.height() != image.height()) {
      throw new BadInputException(
          "The mask %s is %d x %d but its image %s is %d x %d; make them the same size."
              .formatted(
                  pair.mask(),
                  mask.width(),
                  mask.height(),
                  pair.image(),
                  image.width(),
                  image.height()));
    }
    return new Sample(pair.name(), image, mask);
  }
}
