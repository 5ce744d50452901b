package dev.quern.train.option;

import dev.quern.train.data.listing.DataSource;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.DataConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A place of samples as options name it.
 *
 * @param prefix of the options' names, such as {@code val-}; empty for the training's
 * @param images folder of images
 * @param masks folder of masks
 * @param pairs list of both
 */
record PlaceOptions(
    String prefix, @Nullable Path images, @Nullable Path masks, @Nullable Path pairs) {

  String imagesName() {
    return "--" + prefix + "images";
  }

  /** Checks that a place is given in one way, if at all. */
  DataConfig.Place checked(DataSource.Layout layout, String maskSuffix) {
    String masksName = "--" + prefix + "masks";
    if (pairs != null && (images != null || masks != null)) {
      throw new BadInputException(
          "--%spairs and %s both say where the images are; give one of them."
              .formatted(prefix, images != null ? imagesName() : masksName));
    }
    if (images == null && masks != null) {
      throw new BadInputException("%s needs %s as well.".formatted(masksName, imagesName()));
    }
    boolean together = layout == DataSource.Layout.FOLDER_PER_IMAGE || !maskSuffix.isEmpty();
    if (images != null && masks == null && !together) {
      throw new BadInputException(
          "%s needs %s as well, or --mask-suffix if the masks lie beside the images."
              .formatted(imagesName(), masksName));
    }
    if (layout == DataSource.Layout.FOLDER_PER_IMAGE && masks != null) {
      throw new BadInputException(
          "With --layout folder-per-image the masks lie in %s; leave out %s."
              .formatted(imagesName(), masksName));
    }
    return place();
  }

  /** Where samples are that were there before; how they are meant was said then. */
  DataConfig.Place moved(DataConfig.Place before) {
    return place().isGiven() ? place() : before;
  }

  DataConfig.Place place() {
    return new DataConfig.Place(absolute(images), absolute(masks), absolute(pairs));
  }

  private static @Nullable String absolute(@Nullable Path path) {
    return path == null ? null : path.toAbsolutePath().normalize().toString();
  }
}
