package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.train.message.BadInputException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which backend computes, and on how many threads. */
final class EngineOptions {

  /** What the simd backend takes; with more it would not be there. */
  private static final int MOST_THREADS = 9999;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = {
        "simd, opencl, cuda or reference, with :N for the device N.",
        "Default: the best one of this machine; see quern devices."
      })
  @Nullable String backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU backend and of the features. Default: all processors.")
  @Nullable Integer threads;

  /** Opens the engine; the thread count holds for the whole process from here on. */
  Engine open(@Nullable String name) {
    if (threads != null) {
      if (threads < 1 || threads > MOST_THREADS) {
        throw new BadInputException(
            "--threads is %d; give 1 to %d.".formatted(threads, MOST_THREADS));
      }
      System.setProperty("quern.threads", threads.toString());
    }
    return name == null ? Engine.open() : Engine.open(name);
  }

  int featureThreads() {
    return threads != null ? threads : Runtime.getRuntime().availableProcessors();
  }
}
