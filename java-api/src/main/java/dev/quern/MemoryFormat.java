package dev.quern;

/** The order in which the elements of a 4-D tensor (N, C, H, W) lie in memory. */
public enum MemoryFormat {
  /** NCHW: a channel's plane is dense. */
  CONTIGUOUS,
  /** NHWC: a pixel's channels are dense. With one channel both formats are the same bytes. */
  CHANNELS_LAST
}
