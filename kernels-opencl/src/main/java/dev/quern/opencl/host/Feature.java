package dev.quern.opencl.host;

/** What OpenCL C 1.2 leaves to the device. */
public enum Feature {
  /** Arithmetic on f16; to store and load it needs no feature. */
  FP16("fp16"),
  /** Arithmetic on f64. {@code -Dquern.opencl.fp64=false} does as if no device had it. */
  FP64("fp64"),
  /** Atomic addition and exchange of 64-bit integers. */
  INT64_ATOMICS("64-bit atomics"),
  /** Work-items that exchange values without local memory. */
  SUBGROUPS("subgroups"),
  /** Correctly rounded division and square root in f32, on request. */
  ROUNDED_DIVISION("correctly rounded division");

  private final String label;

  Feature(String label) {
    this.label = label;
  }

  /**
   * Returns what users call it.
   *
   * @return a word or a few
   */
  public String label() {
    return label;
  }
}
