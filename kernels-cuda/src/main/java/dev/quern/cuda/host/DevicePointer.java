package dev.quern.cuda.host;

import jcuda.driver.CUdeviceptr;

/** A device address that can be read as a number, as parameter structures need it. */
final class DevicePointer extends CUdeviceptr {
  DevicePointer() {}

  long address() {
    return getNativePointer() + getByteOffset();
  }
}
