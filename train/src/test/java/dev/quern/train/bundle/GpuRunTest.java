package dev.quern.train.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code bench/gpu/run} over a quern and tools that are made up, of which one fails or hangs: the
 * rest still runs, in the time there is, and what was found can be read whenever it ends.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class GpuRunTest {

  /** In a part named by HANG it sleeps and in one named by FAIL it fails. */
  private static final String QUERN =
      """
      #!/usr/bin/env bash
      while [ $# -gt 0 ]; do
        case $1 in
          --version) echo 'quern 7'; exit ;;
          --json) json=$2; shift ;;
          --backend) device=$2; shift ;;
          --suite) suite=$2; shift ;;
          --sizes) shift ;;
          --quick) ;;
          *) command=$1 ;;
        esac
        shift
      done
      part=${SANITIZER:-$command}
      [ "$command" != selftest ] || echo '{"format":1,"passed":3}' >"$json"
      [ "$part $device" != "${HANG:-}" ] || { trap '' TERM; echo "$BASHPID" >"$PIDS"; while :; do sleep 1; done; }
      [ "$part $device" != "${FAIL:-}" ] || { echo 'wrong "by" half \\'; exit 1; }
      case $command in
        devices)
          case ${QUERN_JAVA_OPTS:-} in *nvrtc=true*) kernels=', kernels by NVRTC 12.8' ;; esac
          echo "cuda:0         Card \\"A\\" 5\\\\6, GPU, 2 compute units${kernels:-}"
          echo 'opencl:0       Card A, GPU, 2 compute units'
          echo 'opencl:1       Card A, GPU, 2 compute units'
          echo 'opencl:2       Processor, CPU, 2 compute units' ;;
        selftest) echo '3 passed, 0 failed'; echo ;;
        bench)
          echo '{}' >"$json"
          echo "ceilings           copy     read    triad        fma   launch   upload download  device"
          echo "$device       1000.0    900.0   1100.0        1.0    1.0     1.0      1.0  Card A"
          echo "dice u8                 4096 $device       1.00       1.00       1.00     0.000     4.00     0%        0%"
          echo "dice u8             33554432 $device     500.00     400.00     600.00     0.015   900.00    90%       82%               5.0"
          echo "dice u8 unfused     33554432 $device    2500.00    2400.00    2600.00     0.075   180.00    18%       16%"
          echo "lovasz              33554432 $device left out: a call would take about 0.1 s" ;;
      esac
      """;

  private static final String SANITIZER =
      """
      #!/usr/bin/env bash
      export SANITIZER=$2
      while [ "$1" != 9 ]; do shift; done
      shift
      "$@" || exit 9
      echo "========= ERROR SUMMARY: 0 errors"
      """;

  private static final List<String> PARTS =
      List.of(
          "devices",
          "nvidia-smi",
          "selftest cuda:0",
          "selftest opencl:0",
          "bench cuda:0",
          "bench opencl:0",
          "large cuda:0",
          "memcheck cuda:0",
          "racecheck cuda:0",
          "devices, NVRTC",
          "nvrtc cuda:0",
          "pytorch eager,fused",
          "pytorch graph");

  @TempDir private Path folder;
  private Path out;

  @BeforeEach
  void layOut() throws IOException {
    Path script = folder.resolve("home/bench/gpu/run");
    Files.createDirectories(script.getParent());
    Files.copy(Path.of("..", "bench", "gpu", "run"), script, StandardCopyOption.COPY_ATTRIBUTES);
    write("home/bin/quern", QUERN);
    write("tools/compute-sanitizer", SANITIZER);
    write("tools/nvidia-smi", "#!/bin/sh\necho 'name, driver'\necho 'Card A, 580.1'\n");
    write("tools/python3", "#!/bin/sh\n[ \"$1\" = -c ] || echo torch\n");
    out = folder.resolve("out put");
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private Process start(Map<String, String> environment, String... options) throws IOException {
    var command = new ArrayList<>(List.of(folder.resolve("home/bench/gpu/run").toString()));
    command.addAll(List.of("--out", out.toString()));
    command.addAll(List.of(options));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(folder.resolve("printed").toFile());
    builder.environment().put("PATH", folder.resolve("tools") + ":" + System.getenv("PATH"));
    builder.environment().put("PIDS", folder.resolve("pid").toString());
    builder.environment().remove("QUERN_JAVA_OPTS");
    builder.environment().putAll(environment);
    return builder.start();
  }

  private int run(Map<String, String> environment, String... options) throws Exception {
    return start(environment, options).waitFor();
  }

  /** The lines of the results by part; every one must be JSON. */
  private JsonNode results() throws IOException {
    var mapper = JsonMapper.builder().build();
    ObjectNode parts = mapper.createObjectNode();
    for (String line : Files.readAllLines(out.resolve("results.jsonl"))) {
      JsonNode result = mapper.readTree(line);
      parts.set(result.get("part").asString(), result);
    }
    return parts;
  }

  private static List<String> namesOf(String status, JsonNode results) {
    return results.values().stream()
        .filter(result -> result.path("status").asString("").equals(status))
        .map(result -> result.get("part").asString())
        .toList();
  }

  private String printed() throws IOException {
    return Files.readString(folder.resolve("printed"));
  }

  @Test
  void everyPartRunsAndItsFindingsAreKept() throws Exception {
    assertEquals(0, run(Map.of()), this::outcome);
    JsonNode results = results();
    assertEquals(PARTS, namesOf("passed", results), this::outcome);
    assertEquals("quern 7", results.path("start").get("quern").asString());
    assertTrue(
        results
            .path("devices")
            .get("text")
            .asString()
            .startsWith("cuda:0         Card \"A\" 5\\6, "));
    assertEquals("name, driver\nCard A, 580.1", results.path("nvidia-smi").get("text").asString());
    assertEquals(3, results.path("selftest cuda:0").get("selftest").get("passed").asInt());
    JsonNode rates = results.path("bench cuda:0").get("rates");
    assertEquals(3, rates.size());
    assertEquals(
        "{\"benchmark\":\"dice u8\",\"elements\":33554432,\"microseconds\":500.0,\"gbs\":900.0,\"ofCopy\":0.9}",
        rates.get(1).toString());
    assertEquals(13, results.path("end").get("passed").asInt());
    assertTrue(printed().contains("13 passed, 0 failed, 0 skipped in "), this::outcome);
    assertTrue(
        printed().lines().anyMatch(line -> line.matches("dice u8 +33554432 +500.00 +900.0 +90%")),
        this::outcome);
    assertFalse(Files.exists(out.resolve("selftest.json")));
  }

  @Test
  void aPartThatFailsDoesNotStopTheRest() throws Exception {
    for (String part : List.of("selftest cuda:0", "bench cuda:0", "memcheck cuda:0")) {
      out = folder.resolve("failing " + part);
      assertEquals(1, run(Map.of("FAIL", part)), this::outcome);
      JsonNode results = results();
      List<String> failed = new ArrayList<>(namesOf("failed", results));
      assertTrue(failed.remove(part), this::outcome);
      // the made-up quern fails in every selftest outside the sanitizer
      failed.removeAll(List.of("large cuda:0", "nvrtc cuda:0"));
      assertEquals(List.of(), failed);
      assertTrue(PARTS.stream().allMatch(results::has), this::outcome);
      assertTrue(results.path(part).get("why").asString().contains("wrong \"by\" half \\"));
      assertTrue(printed().contains("\nfailed   " + part), this::outcome);
    }
  }

  @Test
  void theTimeIsKeptThoughAPartHangsAndDoesNotHeedASignal() throws Exception {
    long start = System.nanoTime();
    assertEquals(1, run(Map.of("HANG", "selftest opencl:0"), "--seconds", "20"), this::outcome);
    long seconds = (System.nanoTime() - start) / 1_000_000_000;
    assertTrue(seconds <= 20, seconds + " s: " + outcome());
    JsonNode results = results();
    assertEquals(List.of("selftest opencl:0"), namesOf("failed", results));
    assertTrue(results.path("selftest opencl:0").get("why").asString().startsWith("stopped after"));
    assertEquals(
        3, results.path("selftest opencl:0").get("selftest").get("passed").asInt(), "so far");
    assertEquals("skipped", results.path("memcheck cuda:0").get("status").asString());
    assertEnds();
  }

  @Test
  void aRunThatIsKilledLeavesWhatItFound() throws Exception {
    Process process = start(Map.of("HANG", "bench cuda:0"));
    awaitHanging();
    process.destroyForcibly().waitFor();
    ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
    JsonNode results = results();
    assertEquals(PARTS.subList(0, 4), namesOf("passed", results), this::outcome);
    assertFalse(results.has("end"));
  }

  @Test
  void aRunThatIsStoppedSaysSoAndEndsItsPart() throws Exception {
    Process process = start(Map.of("HANG", "memcheck cuda:0"));
    awaitHanging();
    process.destroy();
    assertEquals(130, process.waitFor());
    JsonNode results = results();
    assertEquals(List.of("memcheck cuda:0"), namesOf("failed", results), this::outcome);
    assertEquals(3, results.path("memcheck cuda:0").at("/selftest/passed").asInt(), "so far");
    assertEquals(1, results.path("end").get("failed").asInt());
    assertEnds();
  }

  /** The part that hung is killed, which takes the system a moment. */
  private void assertEnds() throws Exception {
    for (int i = 0; i < 100 && isAlive(); i++) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertFalse(isAlive());
  }

  @Test
  void namedDevicesAloneAreChecked() throws Exception {
    assertEquals(0, run(Map.of(), "--backend", "opencl:2"), this::outcome);
    assertEquals(
        List.of("devices", "nvidia-smi", "selftest opencl:2", "bench opencl:2"),
        namesOf("passed", results()));
    assertEquals(
        List.of("large", "memcheck", "racecheck", "nvrtc", "pytorch"),
        namesOf("skipped", results()));
  }

  @Test
  void wrongArgumentsAreRefused() throws Exception {
    assertEquals(2, run(Map.of(), "--seconds", "soon"));
    assertEquals(2, run(Map.of(), "--backend"));
    assertEquals(2, run(Map.of(), "--fast", "yes"));
    Files.createDirectories(out);
    Files.writeString(out.resolve("results.jsonl"), "kept");
    assertEquals(2, run(Map.of()));
    assertEquals("kept", Files.readString(out.resolve("results.jsonl")));
  }

  private void awaitHanging() throws Exception {
    for (int i = 0; i < 600 && pid() == 0; i++) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /** The process that hangs, 0 before there is one. */
  private long pid() throws IOException {
    Path file = folder.resolve("pid");
    String text = Files.exists(file) ? Files.readString(file).strip() : "";
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private boolean isAlive() throws IOException {
    return ProcessHandle.of(pid()).filter(ProcessHandle::isAlive).isPresent();
  }

  private String outcome() {
    try {
      return printed();
    } catch (IOException e) {
      return e.toString();
    }
  }
}
