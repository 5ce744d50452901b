package dev.quern.train.data;

import dev.quern.train.BadInputException;
import dev.quern.train.io.IoReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The pictures of a folder by file stem ({@code n001} for {@code n001.png}), in stem order. */
public final class ImageFolder {

  private ImageFolder() {}

  /**
   * Lists the pictures of a folder; other files, hidden files and sub-folders are left alone.
   *
   * @param folder to look in
   * @return stem to file, at least one
   * @throws BadInputException when the folder cannot be read, holds no picture, or two pictures
   *     share a stem
   */
  public static NavigableMap<String, Path> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new BadInputException(
          "%s is not a folder; give the folder that holds the PNG or JPEG files."
              .formatted(folder));
    }
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries.filter(f -> ImageFiles.isImage(f) && Files.isRegularFile(f)).sorted().toList();
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot list the folder %s: %s.".formatted(folder, IoReason.of(e)), e);
    }
    if (files.isEmpty()) {
      throw new BadInputException(
          "The folder %s holds no PNG or JPEG file; put images there or give another folder."
              .formatted(folder));
    }
    NavigableMap<String, Path> byStem = new TreeMap<>();
    for (Path file : files) {
      Path before = byStem.put(stem(file), file);
      if (before != null) {
        throw new BadInputException(
            "%s and %s have the same name but for the ending; keep one of them."
                .formatted(before, file));
      }
    }
    return byStem;
  }

  /**
   * File name without its ending.
   *
   * @param file a picture
   * @return {@code n001} for {@code some/folder/n001.png}
   */
  public static String stem(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
