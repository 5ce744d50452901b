package dev.quern.simd.loss.loops;

/** Targets as they are in memory, by dtype. */
final class TargetRows {
  final byte[] bytes = new byte[LossBlock.SIZE];
  final int[] ints = new int[LossBlock.SIZE];
  final long[] longs = new long[LossBlock.SIZE];
}
