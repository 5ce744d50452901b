package dev.quern.train.data.listing;

import dev.quern.train.image.PictureFiles;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Where samples are: two folders, a folder for each image, a list, or, for predictions, a single
 * picture.
 *
 * @param images folder of the images, or the picture; null with a list
 * @param masks folder of the masks; null with a list, or where they lie with the images
 * @param pairs list of images and masks, or null
 * @param layout how the folders are meant
 * @param maskSuffix what mask names have behind the image's, or empty
 * @param recursive whether sub-folders are looked into
 * @param groupBy {@code folder}, or a regular expression whose first group, or whole match, in a
 *     sample's name is its group; null for the list's column or none
 */
public record DataSource(
    @Nullable Path images,
    @Nullable Path masks,
    @Nullable Path pairs,
    Layout layout,
    String maskSuffix,
    boolean recursive,
    @Nullable String groupBy) {

  /** How folders are meant. */
  public enum Layout {
    /** Images in one, masks in another. */
    FOLDERS,
    /** A folder for each image, with folders {@code images} and {@code masks} in it. */
    FOLDER_PER_IMAGE
  }

  /** What {@code --group-by} calls the sub-folder. */
  private static final String FOLDER = "folder";

  /**
   * Finds the samples; of a file of several pages each is one. No picture is decoded.
   *
   * @return what is there, what was left alone and what is wrong
   * @throws BadInputException when nothing can be found at all
   */
  public Listing list() {
    return grouped(paged(found(true)));
  }

  /**
   * Finds the images alone.
   *
   * @return as {@link #list}, with no mask in any sample
   * @throws BadInputException when nothing can be found at all
   */
  public Listing listImages() {
    Listing found = found(false);
    List<SampleFiles> bare =
        found.samples().stream()
            .map(s -> new SampleFiles(s.name(), s.image(), s.page(), List.of(), s.group()))
            .toList();
    return paged(new Listing(bare, found.notes(), found.faults()));
  }

  private Listing found(boolean masked) {
    if (pairs != null) {
      return PairsFile.list(pairs, masked);
    }
    if (images == null) {
      throw new BadInputException("Give --images DIR, or --pairs FILE.");
    }
    if (layout == Layout.FOLDER_PER_IMAGE) {
      return FolderPerImageLayout.list(images);
    }
    if (masked) {
      return FolderLayout.list(images, masks == null ? images : masks, maskSuffix, recursive);
    }
    if (Files.isRegularFile(images)) {
      String name = ImageFolder.normal(ImageFolder.stem(images));
      return new Listing(
          List.of(new SampleFiles(name, images, 0, List.of(), null)), List.of(), List.of());
    }
    ImageFolder folder = ImageFolder.list(images, recursive);
    List<SampleFiles> samples = new ArrayList<>();
    folder
        .pictures()
        .forEach((name, file) -> {
          if (maskSuffix.isEmpty() || !name.endsWith(maskSuffix)) {
            samples.add(new SampleFiles(name, file, 0, List.of(), null));
          }
        });
    return new Listing(samples, folder.notes(), folder.faults());
  }

  /** Makes a sample of each page. */
  private static Listing paged(Listing listing) {
    List<SampleFiles> samples = new ArrayList<>();
    List<String> faults = new ArrayList<>(listing.faults());
    for (SampleFiles sample : listing.samples()) {
      try {
        samples.addAll(pages(sample));
      } catch (BadInputException e) {
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    return new Listing(samples, listing.notes(), faults);
  }

  private static List<SampleFiles> pages(SampleFiles sample) {
    int pages = PictureFiles.pages(sample.image());
    if (pages == 1) {
      return List.of(sample);
    }
    for (Path mask : sample.masks()) {
      int maskPages = PictureFiles.pages(mask);
      if (maskPages != pages) {
        throw new BadInputException(
            "%s has %s but its mask %s has %d; give a mask with as many."
                .formatted(sample.image(), Count.of(pages, "page"), mask, maskPages));
      }
    }
    List<SampleFiles> samples = new ArrayList<>();
    int digits = String.valueOf(pages).length();
    for (int page = 0; page < pages; page++) {
      String number = String.valueOf(page + 1);
      String name = sample.name() + "-page" + "0".repeat(digits - number.length()) + number;
      samples.add(new SampleFiles(name, sample.image(), page, sample.masks(), sample.group()));
    }
    return samples;
  }

  private Listing grouped(Listing listing) {
    if (groupBy == null) {
      return listing;
    }
    Pattern pattern = pattern(groupBy);
    List<SampleFiles> samples = new ArrayList<>();
    List<String> faults = new ArrayList<>(listing.faults());
    for (SampleFiles s : listing.samples()) {
      Matcher matcher = pattern.matcher(s.name());
      if (matcher.find()) {
        String group = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
        samples.add(new SampleFiles(s.name(), s.image(), s.page(), s.masks(), group));
      } else {
        faults.add(
            "--group-by %s does not match the name %s; give an expression that matches all."
                .formatted(groupBy, s.name()));
      }
    }
    return new Listing(samples, listing.notes(), faults);
  }

  /**
   * The expression of {@code --group-by}.
   *
   * @param groupBy as given
   * @return compiled
   * @throws BadInputException when it is none
   */
  public static Pattern pattern(String groupBy) {
    try {
      return Pattern.compile(groupBy.equals(FOLDER) ? "^((?:.*(?=/))?)" : groupBy);
    } catch (PatternSyntaxException e) {
      throw new BadInputException(
          "--group-by '%s' is no regular expression (%s); give one such as '^(patient\\d+)', or folder."
              .formatted(groupBy, e.getDescription()),
          e);
    }
  }
}
