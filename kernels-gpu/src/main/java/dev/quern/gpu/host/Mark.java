package dev.quern.gpu.host;

/** Marks a place in a queue: all that was enqueued before it. */
public interface Mark {
  /** Waits until the device has got there; again at no cost. */
  void await();

  /** Gives the mark up without waiting. */
  void abandon();
}
