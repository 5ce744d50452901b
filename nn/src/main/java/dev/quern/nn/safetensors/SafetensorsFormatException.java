package dev.quern.nn.safetensors;

import java.io.IOException;

/** What was read is not a whole safetensors file: it is cut off, or breaks a rule of the format. */
public final class SafetensorsFormatException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Half a sentence. */
  private final String fault;

  SafetensorsFormatException(String fault) {
    this("It", fault);
  }

  SafetensorsFormatException(String fault, Throwable cause) {
    this(fault);
    initCause(cause);
  }

  private SafetensorsFormatException(String origin, String fault) {
    super("%s is not a whole safetensors file (%s).".formatted(origin, fault));
    this.fault = fault;
  }

  /** The same fault, in a sentence about what was read. */
  SafetensorsFormatException of(String origin) {
    var named = new SafetensorsFormatException(origin, fault);
    named.initCause(this);
    return named;
  }

  /**
   * Tells what is wrong, for a sentence of the caller's own.
   *
   * @return one line about the file as "it", without a capital and a full stop, as in "its header
   *     is not UTF-8"
   */
  public String fault() {
    return fault;
  }
}
