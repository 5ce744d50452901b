package dev.quern.train;

import java.io.File;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The modules of the command line, for processes that tests start. */
public final class ModulePath {

  private ModulePath() {}

  /** With the modules that are reached by names or services only, which Surefire has elsewhere. */
  public static String all() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.contains("jline") || entry.contains("twelvemonkeys"))
        .collect(
            Collectors.joining(
                File.pathSeparator,
                System.getProperty("jdk.module.path") + File.pathSeparator,
                ""));
  }
}
