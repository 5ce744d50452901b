package dev.quern.train.data;

import dev.quern.train.data.listing.SampleFiles;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskFacts;
import dev.quern.train.data.mask.MaskFiles;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.image.Picture;
import dev.quern.train.image.PictureFiles;
import dev.quern.train.image.sample.Size;
import dev.quern.train.message.BadInputException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Samples in files, decoded when they are asked for. */
public final class FolderDataset implements Dataset {

  private final List<SampleFiles> samples;
  private final MaskRule rule;
  private long largestSample = -1;

  /**
   * Samples that were found.
   *
   * @param samples in the order wanted
   * @param rule says what is the object in a mask
   */
  public FolderDataset(List<SampleFiles> samples, MaskRule rule) {
    this.samples = List.copyOf(samples);
    this.rule = rule;
  }

  /**
   * The files of the samples.
   *
   * @return one for each sample
   */
  public List<SampleFiles> files() {
    return samples;
  }

  @Override
  public int size() {
    return samples.size();
  }

  @Override
  public String name(int index) {
    return samples.get(index).name();
  }

  @Override
  public @Nullable String group(int index) {
    return samples.get(index).group();
  }

  @Override
  public synchronized long largestSample() {
    if (largestSample < 0) {
      largestSample = samples.stream().mapToLong(FolderDataset::heapBytes).max().orElse(0);
    }
    return largestSample;
  }

  private static long heapBytes(SampleFiles files) {
    try {
      Size size = PictureFiles.size(files.image(), files.page());
      long mask = files.masks().isEmpty() ? 0 : (long) size.width() * size.height();
      return mask + PictureImage.heapBytes(size.channels(), size.width(), size.height());
    } catch (BadInputException _) {
      return 0; // said when its turn comes
    }
  }

  @Override
  public Sample sample(int index) {
    SampleFiles files = samples.get(index);
    try {
      return read(files);
    } catch (OutOfMemoryError e) {
      throw new BadInputException(
          "%s does not fit into the heap of %d MB; give more, for example QUERN_JAVA_OPTS=-Xmx8g."
              .formatted(files.image(), Runtime.getRuntime().maxMemory() >> 20),
          e);
    }
  }

  private Sample read(SampleFiles files) {
    List<String> warnings = new ArrayList<>();
    Image image = image(files, warnings);
    if (files.masks().isEmpty()) {
      Mask none = new Mask(0, 0, new byte[0]);
      return new Sample(files.name(), image, none, MaskFacts.of(none), warnings);
    }
    MaskFiles.Read read = MaskFiles.read(files.masks(), files.page(), rule, warnings);
    Mask mask = read.mask();
    if (mask.width() != image.width() || mask.height() != image.height()) {
      throw new BadInputException(
          "The mask %s is %d x %d but its image %s is %d x %d; make them the same size."
              .formatted(
                  files.masks().getFirst(),
                  mask.width(),
                  mask.height(),
                  files.image(),
                  image.width(),
                  image.height()));
    }
    return new Sample(files.name(), image, mask, read.facts(), warnings);
  }

  private static Image image(SampleFiles files, List<String> warnings) {
    Picture picture = PictureFiles.read(files.image(), files.page());
    warnings.addAll(picture.warnings());
    return PictureImage.of(files.image(), picture);
  }
}
