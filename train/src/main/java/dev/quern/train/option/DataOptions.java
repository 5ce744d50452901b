package dev.quern.train.option;

import dev.quern.train.data.listing.DataSource;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.DataConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where images and masks are and how they are meant. */
public final class DataOptions {

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = {
        "Folder of images: PNG, JPEG, TIFF, BMP, GIF, WebP; 1 to 16 channels.",
        "Of a file of several pages each page is an image."
      })
  private @Nullable Path images;

  @Option(
      names = "--masks",
      paramLabel = "DIR",
      description = "Folder of masks with the images' names.")
  private @Nullable Path masks;

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Instead: a CSV file with the columns image, mask and, if wanted, group; its paths are"
              + " relative to it.")
  private @Nullable Path pairs;

  @Setting(value = "data.layout", ofFolders = true)
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

  @Setting(value = "data.maskSuffix", ofFolders = true)
  @Option(
      names = "--mask-suffix",
      paramLabel = "TEXT",
      defaultValue = "",
      description =
          "What mask names have behind the image's, such as _mask; then both may lie in --images.")
  String maskSuffix = "";

  @Setting(value = "data.recursive", ofFolders = true)
  @Option(names = "--recursive", description = "Look into sub-folders, too.")
  private boolean recursive;

  @Setting(value = "data.maskRule", ofFolders = true)
  @Option(
      names = "--mask-rule",
      paramLabel = "RULE",
      defaultValue = "auto",
      description = {
        "What is the object in a mask: auto (default; not black, in JPEG above half), not-black,",
        "above=127, alpha, values=1,2 (grey values or palette indices), colours=ff0000,00ff00."
      })
  private String maskRule = "auto";

  @Setting(value = "data.ignoreValue", ofFolders = true)
  @Option(
      names = "--ignore-value",
      paramLabel = "V",
      description = "Grey value or palette index of void pixels, which neither train nor score.")
  private @Nullable Integer ignoreValue;

  @Setting(value = "data.skipBad", ofFolders = true)
  @Option(
      names = "--skip-bad",
      description = "Leave out samples that cannot be used, and say which.")
  private boolean skipBad;

  /** For picocli. */
  public DataOptions() {}

  /**
   * How folders and masks are meant.
   *
   * @param groupBy what of a name is its group, or null
   * @return the options, checked
   * @throws BadInputException when the rule of masks is none
   */
  public DataConfig.Reading reading(@Nullable String groupBy) {
    DataConfig.Reading reading =
        new DataConfig.Reading(layout, maskSuffix, recursive, groupBy, maskRule, ignoreValue);
    reading.rule();
    return reading;
  }

  PlaceOptions place() {
    return new PlaceOptions("", images, masks, pairs);
  }

  /**
   * Where the samples are.
   *
   * @return the place; none when none is given
   * @throws BadInputException when it is given in two ways or by halves
   */
  public DataConfig.Place checkedPlace() {
    return place().checked(layout, maskSuffix);
  }

  /**
   * Whether samples that cannot be used are left out.
   *
   * @return true when that was said
   */
  public boolean skipBad() {
    return skipBad;
  }

  /**
   * Whether masks have void pixels.
   *
   * @return true when a value of them is given
   */
  public boolean ignores() {
    return ignoreValue != null;
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
