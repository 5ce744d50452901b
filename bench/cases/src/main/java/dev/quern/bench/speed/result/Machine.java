package dev.quern.bench.speed.result;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The machine a run was taken on.
 *
 * @param processor its name
 * @param architecture such as {@code amd64}
 * @param processors how many this process may use
 * @param memoryBytes its memory
 * @param system operating system and version
 * @param java runtime and version
 * @param options the options of the Java virtual machine that change what is measured
 */
public record Machine(
    String processor,
    String architecture,
    int processors,
    long memoryBytes,
    String system,
    String java,
    List<String> options) {

  /** {@return this machine} */
  public static Machine here() {
    long memory =
        ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return new Machine(
        processorName(),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        memory,
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(option -> option.startsWith("-X") || option.startsWith("-Dquern."))
            .filter(option -> !option.matches("-Dquern[.](errors|home|stderr)=.*"))
            .toList());
  }

  private static String processorName() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
