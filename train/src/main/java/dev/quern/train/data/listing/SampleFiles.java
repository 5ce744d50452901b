package dev.quern.train.data.listing;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of one sample.
 *
 * @param name unique in its data set; with {@code /} where sub-folders were looked into
 * @param image the picture
 * @param page of the picture, from 0
 * @param masks whose union is the object; none where nothing is known
 * @param group that stays together when samples are divided, or null
 */
public record SampleFiles(
    String name, Path image, int page, List<Path> masks, @Nullable String group) {

  /** Copies the masks. */
  public SampleFiles {
    masks = List.copyOf(masks);
  }
}
