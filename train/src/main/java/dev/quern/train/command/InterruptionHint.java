package dev.quern.train.command;

import java.nio.file.Path;

/** Says how to go on with a run when the process is told to stop. */
final class InterruptionHint implements AutoCloseable {

  private final Thread hint;

  InterruptionHint(Path run) {
    String sentence = "quern: stopped; go on with: quern train --resume " + run;
    hint = Thread.ofPlatform().unstarted(() -> System.err.println(sentence));
    Runtime.getRuntime().addShutdownHook(hint);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hint);
    } catch (IllegalStateException _) {
      // it is being said
    }
  }
}
