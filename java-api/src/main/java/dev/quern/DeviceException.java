package dev.quern;

/** A device or its driver failed: the message names the call and what the device said. */
public class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the failing call and the device's answer, one sentence
   */
  public DeviceException(String message) {
    super(message);
  }

  /**
   * Creates the exception.
   *
   * @param message the failing call and the device's answer, one sentence
   * @param cause what the driver's binding threw
   */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
