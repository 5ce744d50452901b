package dev.quern.spi;

/** A block of device memory; which class it is, only its backend knows. */
public interface DeviceBuffer {
  /**
   * Returns the size of the block.
   *
   * @return its size in bytes
   */
  long byteSize();
}
