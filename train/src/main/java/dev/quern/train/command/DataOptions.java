package dev.quern.train.command;

import dev.quern.train.BadInputException;
import dev.quern.train.data.listing.DataSource;
import dev.quern.train.run.DataConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where images and masks are and how they are meant. */
final class DataOptions {

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = {
        "Folder of images: PNG, JPEG, TIFF, BMP, GIF, WebP; 1 to 16 channels.",
        "Of a file of several pages each page is an image."
      })
  @Nullable Path images;

  @Option(
      names = "--masks",
      paramLabel = "DIR",
      description = "Folder of masks with the images' names.")
  @Nullable Path masks;

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Instead: a CSV file with the columns image, mask and, if wanted, group; its paths are"
              + " relative to it.")
  @Nullable Path pairs;

  @Option(
      names = "--layout",
      paramLabel = "NAME",
      defaultValue = "folders",
      converter = LayoutConverter.class,
      description = {
        "folders (default), or folder-per-image: in --images a folder for each image,",
        "with the image in images/ and any number of masks in masks/."
      })
  DataSource.Layout layout = DataSource.Layout.FOLDERS;

  @Option(
      names = "--mask-suffix",
      paramLabel = "TEXT",
      defaultValue = "",
      description =
          "What mask names have behind the image's, such as _mask; then both may lie in --images.")
  String maskSuffix = "";

  @Option(names = "--recursive", description = "Look into sub-folders, too.")
  boolean recursive;

  @Option(
      names = "--mask-rule",
      paramLabel = "RULE",
      defaultValue = "auto",
      description = {
        "What is the object in a mask: auto (default; not black, in JPEG above half), not-black,",
        "above=127, alpha, values=1,2 (grey values or palette indices), colours=ff0000,00ff00."
      })
  String maskRule = "auto";

  @Option(
      names = "--ignore-value",
      paramLabel = "V",
      description = "Grey value or palette index of void pixels, which neither train nor score.")
  @Nullable Integer ignoreValue;

  @Option(
      names = "--skip-bad",
      description = "Leave out samples that cannot be used, and say which.")
  boolean skipBad;

  DataConfig.Reading reading(@Nullable String groupBy) {
    DataConfig.Reading reading =
        new DataConfig.Reading(layout, maskSuffix, recursive, groupBy, maskRule, ignoreValue);
    reading.rule();
    return reading;
  }

  DataConfig.Place place(String prefix) {
    return place(prefix, images, masks, pairs);
  }

  /** Checks that a place is given in one way. */
  DataConfig.Place place(
      String prefix, @Nullable Path imageFolder, @Nullable Path maskFolder, @Nullable Path list) {
    String imagesName = "--" + prefix + "images";
    String masksName = "--" + prefix + "masks";
    if (list != null && (imageFolder != null || maskFolder != null)) {
      throw new BadInputException(
          "--%spairs and %s both say where the images are; give one of them."
              .formatted(prefix, imageFolder != null ? imagesName : masksName));
    }
    if (imageFolder == null && maskFolder != null) {
      throw new BadInputException("%s needs %s as well.".formatted(masksName, imagesName));
    }
    boolean together = layout == DataSource.Layout.FOLDER_PER_IMAGE || !maskSuffix.isEmpty();
    if (imageFolder != null && maskFolder == null && !together) {
      throw new BadInputException(
          "%s needs %s as well, or --mask-suffix if the masks lie beside the images."
              .formatted(imagesName, masksName));
    }
    if (layout == DataSource.Layout.FOLDER_PER_IMAGE && maskFolder != null) {
      throw new BadInputException(
          "With --layout folder-per-image the masks lie in %s; leave out %s."
              .formatted(imagesName, masksName));
    }
    return new DataConfig.Place(absolute(imageFolder), absolute(maskFolder), absolute(list));
  }

  /** A place that is named anew; how it is meant was said before. */
  static DataConfig.Place moved(
      @Nullable Path imageFolder, @Nullable Path maskFolder, @Nullable Path list) {
    return new DataConfig.Place(absolute(imageFolder), absolute(maskFolder), absolute(list));
  }

  private static @Nullable String absolute(@Nullable Path path) {
    return path == null ? null : path.toAbsolutePath().normalize().toString();
  }

  /** Reads the name of a layout. */
  static final class LayoutConverter implements ITypeConverter<DataSource.Layout> {
    @Override
    public DataSource.Layout convert(String value) {
      return switch (value) {
        case "folders" -> DataSource.Layout.FOLDERS;
        case "folder-per-image" -> DataSource.Layout.FOLDER_PER_IMAGE;
        default ->
            throw new TypeConversionException(
                "there is no layout '%s'; there are folders and folder-per-image".formatted(value));
      };
    }
  }
}
