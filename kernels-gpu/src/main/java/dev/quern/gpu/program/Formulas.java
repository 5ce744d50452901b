package dev.quern.gpu.program;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The mathematics that OpenCL C and CUDA share, as source text. */
public final class Formulas {
  private Formulas() {}

  /**
   * Reads a formula file.
   *
   * @param name the file's name without folder, for example {@code math.inc}
   * @return its text
   * @throws IllegalArgumentException if there is no such file
   */
  public static String source(String name) {
    String path = "/META-INF/quern/formulas/" + name;
    try (InputStream in = Formulas.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("There is no formula file " + path + ".");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + path + " failed.", e);
    }
  }
}
