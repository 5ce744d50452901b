package dev.quern.gpu.host;

import java.util.StringJoiner;

/** Remembers the kernels enqueued since the device was last known to be well. */
public final class Journal {
  /** So many names are kept: enough for a training step. */
  private static final int CAPACITY = 64;

  private final String[] names = new String[CAPACITY];
  private long launched;
  private long succeeded;

  /** Is empty. */
  public Journal() {}

  /**
   * Notes a launch.
   *
   * @param kernel the entry's name
   */
  public void launched(String kernel) {
    names[(int) (launched++ % CAPACITY)] = kernel;
  }

  /**
   * Returns how far the launches have come.
   *
   * @return the number of launches so far
   */
  public long position() {
    return launched;
  }

  /**
   * Notes that everything up to a position is done.
   *
   * @param position a former {@link #position}
   */
  public void succeeded(long position) {
    succeeded = Math.max(succeeded, position);
  }

  /**
   * Says which kernels may be the culprits.
   *
   * @return a sentence or two, with a space before
   */
  public String suspects() {
    if (launched == succeeded) {
      return " No kernel was under way.";
    }
    long first = Math.max(succeeded, launched - CAPACITY);
    var list = new StringJoiner(", ");
    for (long i = first; i < launched; i++) {
      list.add(names[(int) (i % CAPACITY)]);
    }
    return " Enqueued since the last success: "
        + (first > succeeded ? (first - succeeded) + " kernels, then " : "")
        + list
        + ". -Dquern.sync=true waits for each and so finds the culprit.";
  }
}
