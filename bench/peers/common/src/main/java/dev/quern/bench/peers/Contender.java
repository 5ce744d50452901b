package dev.quern.bench.peers;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A line-up of the table: a peer, where its class path lies, and how its process is started. */
enum Contender {
  QUERN("Quern", "common", "quern", true, "--add-modules jdk.incubator.vector"),
  LIBTORCH("LibTorch", "libtorch", "libtorch", true, javaCpp()),
  LIBTORCH_DEFAULT("LibTorch, default allocator", "libtorch", "libtorch", false, javaCpp()),
  DJL(
      "DJL",
      "djl",
      "djl",
      true,
      "-Dai.djl.offline=true -Dai.djl.pytorch.num_threads=2 -DPYTORCH_FLAVOR=cpu"
          + " -DDJL_CACHE_DIR=bench/peers/djl/target/cache"
          + " -DENGINE_CACHE_DIR=bench/peers/djl/target/cache"),
  ND4J("ND4J", "nd4j", "nd4j", true, javaCpp() + nd4jBuild()),
  LOOPS("plain loops", "common", "loops", true, ""),
  PARALLEL_LOOPS("plain loops, parallel streams", "common", "parallel-loops", true, "");

  /** malloc neither maps nor trims, so that freed memory is used again without page faults. */
  private static final Map<String, String> KEEPS_MEMORY =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_MMAP_MAX_", "0",
          "MALLOC_TRIM_THRESHOLD_", "100000000000",
          "MALLOC_TOP_PAD_", "268435456");

  private final String label;
  private final String module;
  private final String peer;
  private final boolean keepsMemory;
  private final String options;

  Contender(String label, String module, String peer, boolean keepsMemory, String options) {
    this.label = label;
    this.module = module;
    this.peer = peer;
    this.keepsMemory = keepsMemory;
    this.options = options;
  }

  private static String javaCpp() {
    return "-Dorg.bytedeco.javacpp.maxPhysicalBytes=16g -Dorg.bytedeco.javacpp.maxBytes=12g"
        + " -Dorg.bytedeco.javacpp.logger.debug=false";
  }

  /** The fastest of its builds that this processor can run. */
  private static String nd4jBuild() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains("avx512f")
          ? " -Dorg.bytedeco.javacpp.platform.extension=-avx512"
          : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** As the table names it. */
  String label() {
    return label;
  }

  /** As the command line names it. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String peer() {
    return peer;
  }

  List<String> options() {
    return options.isEmpty() ? List.of() : List.of(options.split(" ", -1));
  }

  Map<String, String> environment() {
    return keepsMemory ? KEEPS_MEMORY : Map.of();
  }

  String classPath(Path peers) {
    Path target = peers.resolve(module).resolve("target");
    return target.resolve("classes") + File.pathSeparator + target.resolve("lib") + "/*";
  }
}
