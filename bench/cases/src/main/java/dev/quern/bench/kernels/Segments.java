package dev.quern.bench.kernels;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A caller's memory between canaries: aligned native memory, native memory at odd addresses, or one
 * kind after another, heap arrays of bytes and of floats among them.
 */
public final class Segments implements AutoCloseable {

  private static final int CANARY_BYTES = 64;
  private static final byte CANARY = (byte) 0xa5;

  private final String memory;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> blocks = new ArrayList<>();

  /** {@code memory} is aligned, odd or mixed. */
  public Segments(String memory) {
    this.memory = memory;
  }

  /** Memory with these floats. */
  public MemorySegment of(float[] values) {
    long bytes = 4L * values.length;
    int kind =
        switch (memory) {
          case "aligned" -> 0;
          case "odd" -> 1;
          case "mixed" -> (blocks.size() + 1) % 4;
          default -> throw new IllegalArgumentException(memory);
        };
    long whole = bytes + 2 * CANARY_BYTES;
    MemorySegment block =
        switch (kind) {
          case 0 -> arena.allocate(whole, 64);
          case 1 -> arena.allocate(whole + 3, 64).asSlice(3);
          case 2 -> MemorySegment.ofArray(new byte[(int) whole]);
          default -> MemorySegment.ofArray(new float[(int) (whole / 4)]);
        };
    block.fill(CANARY);
    blocks.add(block);
    MemorySegment segment = block.asSlice(CANARY_BYTES, bytes);
    segment.copyFrom(MemorySegment.ofArray(values));
    return segment;
  }

  public void checkCanaries() {
    for (MemorySegment block : blocks) {
      long end = block.byteSize();
      for (int i = 0; i < CANARY_BYTES; i++) {
        if (block.get(JAVA_BYTE, i) != CANARY || block.get(JAVA_BYTE, end - 1 - i) != CANARY) {
          throw new AssertionError("The kernel wrote outside a segment.");
        }
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
