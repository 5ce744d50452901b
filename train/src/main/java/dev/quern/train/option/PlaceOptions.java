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

  private String imagesName() {
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

  /**
   * Where samples are that were there before: images or masks alone may have been moved. How they
   * are meant was said then.
   *
   * @throws BadInputException when there were none, or the place is given in two ways or by halves
   */
  DataConfig.Place moved(DataConfig.Place before, DataConfig.Reading reading) {
    String given = given();
    if (given == null) {
      return before;
    }
    if (!before.isGiven()) {
      throw new BadInputException(
          "%s is given, but the run was started without such images; leave it out or start a new run."
              .formatted(given));
    }
    PlaceOptions now =
        pairs != null
            ? this
            : new PlaceOptions(
                prefix, or(images, before.images()), or(masks, before.masks()), null);
    return now.checked(reading.layout(), reading.maskSuffix());
  }

  /** The first of the options that is given. */
  private @Nullable String given() {
    if (images != null) {
      return imagesName();
    }
    if (masks != null) {
      return "--" + prefix + "masks";
    }
    return pairs != null ? "--" + prefix + "pairs" : null;
  }

  private static @Nullable Path or(@Nullable Path now, @Nullable String before) {
    return now != null || before == null ? now : Path.of(before);
  }

  private DataConfig.Place place() {
    return new DataConfig.Place(absolute(images), absolute(masks), absolute(pairs));
  }

  private static @Nullable String absolute(@Nullable Path path) {
    return path == null ? null : path.toAbsolutePath().normalize().toString();
  }
}
