package dev.quern.spi;

/** A copy to the host that is under way. */
public interface PendingDownload {
  /**
   * Waits until the copy is done.
   *
   * @throws dev.quern.DeviceException if it, or work before it, failed
   */
  void await();
}
