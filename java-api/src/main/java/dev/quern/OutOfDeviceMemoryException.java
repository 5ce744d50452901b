package dev.quern;

/** The device has no memory left for a request; the engine stays usable. */
public final class OutOfDeviceMemoryException extends DeviceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what was requested and what is in use
   */
  public OutOfDeviceMemoryException(String message) {
    super(message);
  }
}
