package dev.quern.train.run;

import dev.quern.train.data.Split;
import dev.quern.train.data.listing.DataSource;
import dev.quern.train.data.mask.MaskRule;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where images and masks come from and how they are read and divided.
 *
 * @param train to learn from; without any, images are synthetic
 * @param validation of its own; without any, a part of the training images is held back
 * @param test of its own; without any, a part is held back if {@code division} says so
 * @param reading how folders and masks are meant
 * @param division how a data set is divided
 * @param synthetic number of synthetic images, when there are no others
 * @param skipBad whether samples that cannot be used are left out
 * @param identity what tells whether images are the same ones; null before they were looked at
 */
public record DataConfig(
    Place train,
    Place validation,
    Place test,
    Reading reading,
    Split.Rule division,
    int synthetic,
    boolean skipBad,
    @Nullable Identity identity) {

  /**
   * Where samples are; all null for nowhere.
   *
   * @param images folder of the images
   * @param masks folder of their masks
   * @param pairs list of images and masks
   */
  public record Place(@Nullable String images, @Nullable String masks, @Nullable String pairs) {

    /** No place. */
    public static final Place NONE = new Place(null, null, null);

    /**
     * Whether there is a place.
     *
     * @return true with a folder or a list
     */
    public boolean isGiven() {
      return images != null || pairs != null;
    }

    private void toJson(ObjectNode node, String prefix) {
      put(node, key(prefix, "images"), images);
      put(node, key(prefix, "masks"), masks);
      put(node, key(prefix, "pairs"), pairs);
    }

    private static Place parse(JsonNode node, String prefix) {
      return new Place(
          text(node, key(prefix, "images")),
          text(node, key(prefix, "masks")),
          text(node, key(prefix, "pairs")));
    }

    private static String key(String prefix, String name) {
      return prefix.isEmpty()
          ? name
          : prefix + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }
  }

  /**
   * How folders and masks are meant.
   *
   * @param layout of the folders
   * @param maskSuffix what mask names have behind the image's, or empty
   * @param recursive whether sub-folders are looked into
   * @param groupBy {@code folder} or an expression, or null
   * @param maskRule what is the object in a mask
   * @param ignoreValue the value of void pixels, or null
   */
  public record Reading(
      DataSource.Layout layout,
      String maskSuffix,
      boolean recursive,
      @Nullable String groupBy,
      String maskRule,
      @Nullable Integer ignoreValue) {

    /** Two folders, masks that are not black. */
    public static final Reading PLAIN =
        new Reading(DataSource.Layout.FOLDERS, "", false, null, "auto", null);

    /**
     * The rule of masks.
     *
     * @return parsed
     * @throws dev.quern.train.message.BadInputException when it is none
     */
    public MaskRule rule() {
      return MaskRule.parse(maskRule, ignoreValue);
    }

    /**
     * Samples of a place, read so.
     *
     * @param place given
     * @return the source
     */
    public DataSource source(Place place) {
      return new DataSource(
          path(place.images()),
          path(place.masks()),
          path(place.pairs()),
          layout,
          maskSuffix,
          recursive,
          groupBy);
    }

    private static @Nullable Path path(@Nullable String text) {
      return text == null ? null : Path.of(text);
    }
  }

  /**
   * Tells whether images are the same ones, wherever they lie.
   *
   * @param samples how many are used
   * @param digest SHA-256 of their names, groups and sizes
   */
  public record Identity(int samples, String digest) {}

  /**
   * The same with an identity.
   *
   * @param known of the images
   * @return a copy
   */
  public DataConfig withIdentity(@Nullable Identity known) {
    return new DataConfig(train, validation, test, reading, division, synthetic, skipBad, known);
  }

  /**
   * The same images at other places.
   *
   * @param newTrain to learn from
   * @param newValidation of its own
   * @param newTest of its own
   * @return a copy
   */
  public DataConfig at(Place newTrain, Place newValidation, Place newTest) {
    return new DataConfig(
        newTrain, newValidation, newTest, reading, division, synthetic, skipBad, identity);
  }

  void toJson(ObjectNode node) {
    if (train.isGiven()) {
      train.toJson(node, "");
    } else {
      node.put("synthetic", synthetic);
    }
    validation.toJson(node, "val");
    test.toJson(node, "test");
    if (division.folds() > 0) {
      node.put("fold", division.fold() + "/" + division.folds());
    } else if (!validation.isGiven()) {
      node.put("valFraction", division.validation());
    }
    if (division.test() > 0) {
      node.put("testFraction", division.test());
    }
    if (train.isGiven()) {
      node.put("layout", word(reading.layout()));
      if (!reading.maskSuffix().isEmpty()) {
        node.put("maskSuffix", reading.maskSuffix());
      }
      node.put("recursive", reading.recursive());
      put(node, "groupBy", reading.groupBy());
      node.put("maskRule", reading.maskRule());
      if (reading.ignoreValue() != null) {
        node.put("ignoreValue", reading.ignoreValue());
      }
      node.put("skipBad", skipBad);
    }
    if (identity != null) {
      node.put("samples", identity.samples());
      node.put("digest", identity.digest());
    }
  }

  static DataConfig parse(JsonNode node) {
    String[] fold = node.path("fold").asString("0/0").split("/", -1);
    String digest = text(node, "digest");
    JsonNode ignore = node.path("ignoreValue");
    return new DataConfig(
        Place.parse(node, ""),
        Place.parse(node, "val"),
        Place.parse(node, "test"),
        new Reading(
            layout(node.path("layout").asString(word(DataSource.Layout.FOLDERS))),
            node.path("maskSuffix").asString(""),
            node.path("recursive").asBoolean(false),
            text(node, "groupBy"),
            node.path("maskRule").asString("auto"),
            ignore.isNumber() ? ignore.asInt() : null),
        new Split.Rule(
            node.path("valFraction").asDouble(0),
            node.path("testFraction").asDouble(0),
            Integer.parseInt(fold[0]),
            Integer.parseInt(fold[1])),
        node.path("synthetic").asInt(0),
        node.path("skipBad").asBoolean(false),
        digest == null ? null : new Identity(node.path("samples").asInt(), digest));
  }

  /**
   * What {@code config.json} and the command line call a layout.
   *
   * @param layout of folders
   * @return its name
   */
  public static String word(DataSource.Layout layout) {
    return layout.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static DataSource.Layout layout(String word) {
    return DataSource.Layout.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static void put(ObjectNode node, String name, @Nullable String value) {
    if (value != null) {
      node.put(name, value);
    }
  }

  /** A text that need not be there. */
  static @Nullable String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isString() ? value.asString() : null;
  }
}
