package dev.quern.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a process of one contender reported.
 *
 * @param version the library and its version
 * @param speedUp of two threads' FMAs over one's, the lower of before and after
 * @param peakResident the most memory that the process had in RAM, in KiB; 0 if unknown
 * @param timings by workload, without those that the peer has no form of
 */
record PeerRun(String version, double speedUp, long peakResident, Map<String, Timing> timings) {

  /**
   * @param millis the median of the runs
   * @param value of the loss, or the score
   * @param norm of the gradient, or the parameters
   */
  record Timing(double millis, double value, double norm) {}

  /** Starts a process and waits for it. */
  static PeerRun of(Contender contender, Path peers, List<String> workloads)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Xmx3g");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(contender.options());
    command.add("-cp");
    command.add(contender.classPath(peers));
    command.add("dev.quern.bench.peers.PeerProcess");
    command.add(contender.peer());
    command.addAll(workloads);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("OMP_NUM_THREADS", "2");
    builder.environment().putAll(contender.environment());
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    // whoever ends the table ends its process too
    Thread ending = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(ending);
    String version = "";
    double speedUp = Double.MAX_VALUE;
    long peakResident = 0;
    Map<String, Timing> timings = new LinkedHashMap<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split("\t", -1);
        switch (words[0]) {
          case "version" -> version = words[1];
          case "fma" -> speedUp = Math.min(speedUp, Double.parseDouble(words[1]));
          case "peak" -> peakResident = Long.parseLong(words[1]);
          case "work" ->
              timings.put(
                  words[1],
                  new Timing(
                      Double.parseDouble(words[2]),
                      Double.parseDouble(words[3]),
                      Double.parseDouble(words[4])));
          default -> {}
        }
      }
    }
    int status = process.waitFor();
    Runtime.getRuntime().removeShutdownHook(ending);
    if (status != 0) {
      throw new IllegalStateException("The process of " + contender.label() + " failed.");
    }
    return new PeerRun(version, speedUp, peakResident, timings);
  }
}
