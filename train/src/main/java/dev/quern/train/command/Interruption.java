package dev.quern.train.command;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a training that is told to stop (Ctrl-C, SIGTERM) write a checkpoint after the batch that it
 * is at, and says how to go on.
 */
final class Interruption implements AutoCloseable {

  /** Longer than any batch takes; then the process ends with the checkpoint before. */
  private static final long MOST_SECONDS = 60;

  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean training;
  private volatile boolean requested;

  Interruption(Path run) {
    String sentence = "quern: stopped; go on with: quern train --resume " + run;
    hook =
        Thread.ofPlatform()
            .unstarted(() -> {
              requested = true;
              if (training) {
                await();
              }
              System.err.println(sentence);
            });
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void await() {
    try {
      boolean _ = over.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** From now on there is something to wait for. */
  void beginTraining() {
    training = true;
  }

  /** Whether the process is told to stop. */
  boolean isRequested() {
    return requested;
  }

  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // it is being said
    }
  }
}
