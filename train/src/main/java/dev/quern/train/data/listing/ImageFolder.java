package dev.quern.train.data.listing;

import dev.quern.train.image.PictureFiles;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The pictures of a folder by name. Names are compared in one Unicode form, as file systems differ
 * in it. Hidden files, and those that desktops leave in folders, are passed over.
 *
 * @param folder that was looked into
 * @param pictures name without ending to file, in the order of the names; names of sub-folders are
 *     in front with {@code /}
 * @param notes what was not read, a sentence each
 * @param faults names that two files share, a sentence each
 */
public record ImageFolder(
    Path folder, NavigableMap<String, Path> pictures, List<String> notes, List<String> faults) {

  private static final Set<String> JUNK = Set.of("thumbs.db", "desktop.ini", "icon\r");

  /**
   * Looks into a folder.
   *
   * @param folder to look in
   * @param recursive whether its sub-folders, too
   * @return what is there
   * @throws BadInputException when the folder is missing, cannot be read or holds no picture
   */
  public static ImageFolder list(Path folder, boolean recursive) {
    if (!Files.isDirectory(folder)) {
      throw new BadInputException(
          Files.exists(folder)
              ? "%s is a file; give the folder that holds the pictures.".formatted(folder)
              : "There is no folder %s; give the folder that holds the pictures."
                  .formatted(folder));
    }
    NavigableMap<String, Path> pictures = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    Map<String, Integer> unread = new TreeMap<>();
    int folders = 0;
    for (Path entry : entries(folder, recursive)) {
      if (Files.isDirectory(entry)) {
        folders += recursive || entry.equals(folder) ? 0 : 1;
      } else if (!Files.isRegularFile(entry)) {
        unread.merge("that are no files (links to nothing, devices)", 1, Integer::sum);
      } else if (PictureFiles.isPicture(entry)) {
        String name = name(folder, entry);
        Path before = pictures.putIfAbsent(name, entry);
        if (before != null) {
          faults.add(
              "%s and %s have the same name but for the ending; keep one of them."
                  .formatted(before, entry));
        }
      } else if (!JUNK.contains(fileName(entry).toLowerCase(Locale.ROOT))) {
        unread.merge(ending(entry), 1, Integer::sum);
      }
    }
    if (pictures.isEmpty()) {
      throw new BadInputException(
          "The folder %s holds no PNG, JPEG, TIFF, BMP, GIF or WebP file%s; put pictures there or give another folder."
              .formatted(
                  folder,
                  unread.isEmpty() && folders == 0
                      ? ""
                      : " (but " + unreadWords(unread, folders) + ")"));
    }
    List<String> notes = new ArrayList<>();
    if (!unread.isEmpty() || folders > 0) {
      notes.add("Not read in %s: %s.".formatted(folder, unreadWords(unread, folders)));
    }
    return new ImageFolder(folder, pictures, notes, faults);
  }

  private static List<Path> entries(Path folder, boolean recursive) {
    try (Stream<Path> entries =
        Files.walk(folder, recursive ? Integer.MAX_VALUE : 1, FileVisitOption.FOLLOW_LINKS)) {
      return entries.filter(entry -> !hidden(folder, entry)).sorted().toList();
    } catch (IOException e) {
      throw cannotList(folder, e);
    } catch (UncheckedIOException e) {
      throw cannotList(folder, Objects.requireNonNull(e.getCause()));
    }
  }

  private static BadInputException cannotList(Path folder, IOException e) {
    return new BadInputException(
        "Cannot list the folder %s: %s.".formatted(folder, IoReason.of(e)), e);
  }

  private static boolean hidden(Path folder, Path entry) {
    for (Path part : folder.relativize(entry)) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static String unreadWords(Map<String, Integer> unread, int folders) {
    List<String> words = new ArrayList<>();
    unread.forEach((ending, count) ->
        words.add(count + (ending.isEmpty() ? " without ending" : " " + ending)));
    if (folders > 0) {
      words.add(
          folders
              + (folders == 1 ? " sub-folder" : " sub-folders")
              + " (--recursive looks inside)");
    }
    return String.join(", ", words);
  }

  private static String fileName(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static String ending(Path file) {
    String name = fileName(file);
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
  }

  private static String name(Path folder, Path file) {
    Path below = folder.relativize(file);
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < below.getNameCount() - 1; i++) {
      name.append(below.getName(i)).append('/');
    }
    return normal(name.append(stem(file)).toString());
  }

  /**
   * A name in the form that names are compared in.
   *
   * @param name as the file system gives it
   * @return in Unicode form NFC
   */
  static String normal(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFC);
  }

  /**
   * File name without its ending.
   *
   * @param file a picture
   * @return {@code n001} for {@code some/folder/n001.png}
   */
  public static String stem(Path file) {
    String name = fileName(file);
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? name : name.substring(0, dot);
  }
}
