package dev.quern.gpu.program;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A family's source as it lies in a backend's module, with all that it includes.
 *
 * @param name the file's name
 * @param text the file
 * @param headers all that it includes, and what that includes, by the name in the directive
 */
public record KernelSource(String name, String text, Map<String, String> headers) {
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");

  /**
   * Reads a source.
   *
   * @param name the file's name
   * @param files opens a file of the backend's package, null if there is none; formulas ({@code
   *     .inc}) lie here
   * @return the source
   * @throws IllegalStateException if it, or something it includes, was left out of the build
   */
  public static KernelSource read(String name, Function<String, @Nullable InputStream> files) {
    String text = content(name, files);
    var headers = new LinkedHashMap<String, String>();
    var unread = new ArrayDeque<String>(List.of(text));
    while (!unread.isEmpty()) {
      Matcher include = INCLUDE.matcher(unread.pop());
      while (include.find()) {
        String header = include.group(1);
        if (!headers.containsKey(header)) {
          String content =
              header.endsWith(".inc") ? Formulas.source(header) : content(header, files);
          headers.put(header, content);
          unread.push(content);
        }
      }
    }
    return new KernelSource(name, text, headers);
  }

  /**
   * Reads a file of a backend's package.
   *
   * @param name the file's name
   * @param files opens it, null if there is none
   * @return its text
   * @throws IllegalStateException if it was left out of the build
   */
  public static String content(String name, Function<String, @Nullable InputStream> files) {
    try (InputStream in = files.apply(name)) {
      if (in == null) {
        throw new IllegalStateException("The kernel source " + name + " is missing.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading the kernel source " + name + " failed.", e);
    }
  }

  /**
   * Returns the source for a compiler that knows no files: each header stands where it is first
   * included.
   *
   * @return one text
   */
  public String inlined() {
    return inlined(text, new HashSet<>());
  }

  private String inlined(String part, Set<String> included) {
    return INCLUDE
        .matcher(part)
        .replaceAll(include -> {
          String header = include.group(1);
          return included.add(header)
              ? Matcher.quoteReplacement(
                  inlined(Objects.requireNonNull(headers.get(header)), included))
              : "";
        });
  }
}
