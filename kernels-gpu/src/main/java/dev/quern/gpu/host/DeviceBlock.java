package dev.quern.gpu.host;

import dev.quern.spi.DeviceBuffer;

/** A block of device memory, as its platform knows it. */
public interface DeviceBlock extends DeviceBuffer, AutoCloseable {
  /** Gives the block back; idempotent. */
  @Override
  void close();
}
