package dev.quern.gpu.host;

/** The compiled kernels of one family on one device. */
public interface GpuProgram extends AutoCloseable {
  /**
   * Finds an entry.
   *
   * @param entry its name
   * @return the kernel, valid as long as this program
   */
  Launch kernel(String entry);

  /** Gives the program back; idempotent. */
  @Override
  void close();
}
