package dev.quern.bench.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;

/** A library that can do workloads; found by {@link java.util.ServiceLoader} in its process. */
public interface Peer {

  /** {@return the name that it is asked for by} */
  String name();

  /** {@return the library and its version, as the table names it} */
  String version();

  /**
   * {@return this library's form of a workload, or nothing if it has no reasonable one}
   *
   * @param work the workload
   */
  Optional<Side> side(Workload work);

  /**
   * {@return the version of a library, from what Maven left in its jar}
   *
   * @param library one of its classes
   * @param artifact such as {@code org.nd4j/nd4j-api}
   */
  static String mavenVersion(Class<?> library, String artifact) {
    String path = "/META-INF/maven/%s/pom.properties".formatted(artifact);
    var properties = new Properties();
    try (InputStream in = library.getResourceAsStream(path)) {
      properties.load(Objects.requireNonNull(in, path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "of unknown version");
  }
}
