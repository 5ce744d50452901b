package dev.quern.train.data.listing;

import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.jspecify.annotations.Nullable;

/**
 * Samples listed in a file of comma-separated values with a header: {@code image}, {@code mask}
 * and, if wanted, {@code group}. Paths are relative to the file. An image in several lines has
 * several masks, whose union counts.
 */
final class PairsFile {

  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setIgnoreHeaderCase(true)
          .setIgnoreEmptyLines(true)
          .setTrim(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .get();

  private PairsFile() {}

  /**
   * Reads a list.
   *
   * @param file in UTF-8
   * @param masked whether a mask is needed
   * @throws BadInputException when the file cannot be read or has no such columns
   */
  static Listing list(Path file, boolean masked) {
    Map<String, SampleFiles> samples = new TreeMap<>();
    List<String> faults = new ArrayList<>();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        CSVParser parser =
            CSVParser.builder().setReader(withoutMark(reader)).setFormat(FORMAT).get()) {
      Set<String> columns = new HashSet<>();
      parser.getHeaderNames().forEach(name -> columns.add(name.toLowerCase(java.util.Locale.ROOT)));
      if (!columns.contains("image") || (masked && !columns.contains("mask"))) {
        throw new BadInputException(
            "%s has the columns %s; its first line has to name image and mask (and group, if wanted)."
                .formatted(file, parser.getHeaderNames()));
      }
      for (CSVRecord line : parser) {
        try {
          add(file, line, masked, samples);
        } catch (BadInputException e) {
          faults.add(String.valueOf(e.getMessage()));
        }
      }
    } catch (CharacterCodingException e) {
      throw new BadInputException("%s is not a text in UTF-8; save it so.".formatted(file), e);
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new BadInputException("Cannot read %s: %s.".formatted(file, reason(e)), e);
    }
    if (samples.isEmpty() && faults.isEmpty()) {
      throw new BadInputException("%s lists no image; write one a line.".formatted(file));
    }
    return new Listing(List.copyOf(samples.values()), List.of(), faults);
  }

  private static String reason(Exception e) {
    return e instanceof IOException io
        ? IoReason.of(io)
        : String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Spreadsheets put a byte order mark in front. */
  private static Reader withoutMark(Reader reader) throws IOException {
    reader.mark(1);
    if (reader.read() != '\uFEFF') {
      reader.reset();
    }
    return reader;
  }

  private static void add(
      Path file, CSVRecord line, boolean masked, Map<String, SampleFiles> samples) {
    String where = "line %d of %s".formatted(line.getRecordNumber() + 1, file);
    String image = cell(line, "image");
    String mask = cell(line, "mask");
    if (image == null || (masked && mask == null)) {
      throw new BadInputException(
          "There is no %s in %s; write both.".formatted(image == null ? "image" : "mask", where));
    }
    Path imageFile = existing(file, image, where);
    List<Path> masks = new ArrayList<>();
    if (mask != null && masked) {
      masks.add(existing(file, mask, where));
    }
    String name = name(image);
    String group = cell(line, "group");
    SampleFiles before = samples.get(name);
    if (before != null) {
      if (!before.image().equals(imageFile)) {
        throw new BadInputException(
            "%s and %s have the same name but for the ending (%s); keep one of them."
                .formatted(before.image(), imageFile, where));
      }
      masks.addAll(0, before.masks());
      group = before.group();
    }
    samples.put(name, new SampleFiles(name, imageFile, 0, masks, group));
  }

  private static Path existing(Path file, String path, String where) {
    try {
      // a list that was written on Windows has backslashes
      for (String spelled : List.of(path, path.replace('\\', '/'))) {
        Path resolved = file.toAbsolutePath().resolveSibling(spelled).normalize();
        if (Files.isRegularFile(resolved)) {
          return resolved;
        }
      }
    } catch (InvalidPathException _) {
      // said below
    }
    throw new BadInputException(
        "%s names %s, which is not there; paths are relative to the list.".formatted(where, path));
  }

  private static @Nullable String cell(CSVRecord line, String column) {
    if (!line.isMapped(column) || !line.isSet(column)) {
      return null;
    }
    String value = line.get(column);
    return value.isEmpty() ? null : value;
  }

  /** The path as it was written, without ending. */
  private static String name(String path) {
    String plain = ImageFolder.normal(path.replace('\\', '/').replaceFirst("^(\\./|/)+", ""));
    int dot = plain.lastIndexOf('.');
    return (dot > plain.lastIndexOf('/') + 1 ? plain.substring(0, dot) : plain).replace("../", "");
  }
}
