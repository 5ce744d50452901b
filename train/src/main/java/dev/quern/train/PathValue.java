package dev.quern.train;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a path; an empty one, of a shell variable that is not set, would be the present folder. */
final class PathValue implements ITypeConverter<Path> {

  @Override
  public Path convert(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("is empty; name a file or folder.");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "has letters that file names cannot have in this locale, whose encoding is %s; set LC_ALL=C.UTF-8."
              .formatted(System.getProperty("sun.jnu.encoding")));
    }
  }
}
