package dev.quern.train.data;

import java.nio.file.Path;
import java.util.List;

/** The images of a folder without truth: every mask is empty. */
public final class UnlabelledFolder implements Dataset {

  private final List<Path> files;

  private UnlabelledFolder(List<Path> files) {
    this.files = files;
  }

  /**
   * Lists the images of a folder; reads none of them yet.
   *
   * @param images the folder
   * @return the images in the order of their stems
   * @throws dev.quern.train.BadInputException when the folder holds no picture
   */
  public static UnlabelledFolder open(Path images) {
    return new UnlabelledFolder(List.copyOf(ImageFolder.list(images).values()));
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public String name(int index) {
    return ImageFolder.stem(files.get(index));
  }

  @Override
  public Sample sample(int index) {
    Image image = ImageFiles.readImage(files.get(index));
    return new Sample(
        name(index), image, new Mask(image.height(), image.width(), new byte[image.pixels()]));
  }
}
