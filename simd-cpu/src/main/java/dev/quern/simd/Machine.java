package dev.quern.simd;

import jdk.incubator.vector.VectorShape;

/** What the Vector API says of this machine; apart from the provider, which loads without it. */
final class Machine {
  private Machine() {}

  /** Returns the width of the widest vectors. */
  static int vectorBits() {
    return VectorShape.preferredShape().vectorBitSize();
  }
}
