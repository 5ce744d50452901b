package dev.quern.cuda;

import dev.quern.gpu.program.Formulas;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A family's source as it lies in this module, for compilers on the user's machine.
 *
 * @param name the file's name
 * @param text the file
 * @param headers all that it includes, and what that includes, by the name in the directive
 */
record KernelSource(String name, String text, Map<String, String> headers) {
  /** What nvcc is told when this module is built, as far as it concerns the result. */
  static final List<String> OPTIONS = List.of("--std=c++17", "--fmad=false");

  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");

  /**
   * Reads a family's source.
   *
   * @throws IllegalStateException if it, or something it includes, was left out of the build
   */
  static KernelSource of(String family) {
    String name = family + ".cu";
    String text = resource(name);
    var headers = new LinkedHashMap<String, String>();
    var unread = new ArrayDeque<String>(List.of(text));
    while (!unread.isEmpty()) {
      Matcher include = INCLUDE.matcher(unread.pop());
      while (include.find()) {
        String header = include.group(1);
        if (!headers.containsKey(header)) {
          String content = header.endsWith(".inc") ? Formulas.source(header) : resource(header);
          headers.put(header, content);
          unread.push(content);
        }
      }
    }
    return new KernelSource(name, text, headers);
  }

  private static String resource(String name) {
    try (InputStream in = KernelSource.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The kernel source " + name + " is missing.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading the kernel source " + name + " failed.", e);
    }
  }
}
