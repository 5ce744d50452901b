package dev.quern.spi.optim;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The segments of an {@link OptimizerArena} in host memory: for the CPU backends, and for whoever
 * fills them.
 *
 * @param memory records of {@link #LAYOUT}
 */
public record SegmentTable(MemorySegment memory) {
  /**
   * One tensor: first element, number of elements, first tile, steps taken, group, whether it has a
   * gradient in this step, whether its momentum buffer holds something. {@code QuernSegment} in
   * {@code optimizer.inc}.
   */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_LONG.withName("length"),
          ValueLayout.JAVA_LONG.withName("firstTile"),
          ValueLayout.JAVA_LONG.withName("step"),
          ValueLayout.JAVA_INT.withName("group"),
          ValueLayout.JAVA_INT.withName("active"),
          ValueLayout.JAVA_INT.withName("buffered"),
          ValueLayout.JAVA_INT.withName("unused"));

  private static final VarHandle OFFSET = field("offset");
  private static final VarHandle LENGTH = field("length");
  private static final VarHandle FIRST_TILE = field("firstTile");
  private static final VarHandle STEP = field("step");
  private static final VarHandle GROUP = field("group");
  private static final VarHandle ACTIVE = field("active");
  private static final VarHandle BUFFERED = field("buffered");

  private static VarHandle field(String name) {
    return LAYOUT.arrayElementVarHandle(PathElement.groupElement(name));
  }

  /**
   * Returns where the word that says whether a record takes part lies.
   *
   * @param s the record
   * @return the byte offset of its I32, 1 or 0
   */
  public static long activeOffset(int s) {
    return LAYOUT.byteSize() * s + LAYOUT.byteOffset(PathElement.groupElement("active"));
  }

  /**
   * Makes an empty table on the heap.
   *
   * @param count the number of records
   * @return the table, zeroed, 8-byte aligned
   */
  public static SegmentTable allocate(int count) {
    return new SegmentTable(
        MemorySegment.ofArray(new long[Math.toIntExact(LAYOUT.byteSize() / 8 * count)]));
  }

  /**
   * Writes a whole record; its momentum buffer counts as empty.
   *
   * @param s the record
   * @param offset the first element, a multiple of {@link OptimizerArena#ALIGNMENT}
   * @param length the number of elements
   * @param firstTile the tiles of all records before
   * @param step the steps taken
   * @param group the group
   * @param active whether it has a gradient
   */
  public void set(
      int s, long offset, long length, long firstTile, long step, int group, boolean active) {
    OFFSET.set(memory, 0L, (long) s, offset);
    LENGTH.set(memory, 0L, (long) s, length);
    FIRST_TILE.set(memory, 0L, (long) s, firstTile);
    STEP.set(memory, 0L, (long) s, step);
    GROUP.set(memory, 0L, (long) s, group);
    setActive(s, active);
    setBuffered(s, false);
  }

  /**
   * Returns the first element.
   *
   * @param s the record
   * @return the first element's index in the arena
   */
  public long offset(int s) {
    return (long) OFFSET.get(memory, 0L, (long) s);
  }

  /**
   * Returns the number of elements.
   *
   * @param s the record
   * @return the number of elements
   */
  public long length(int s) {
    return (long) LENGTH.get(memory, 0L, (long) s);
  }

  /**
   * Returns the first tile.
   *
   * @param s the record
   * @return the tiles of all records before
   */
  public long firstTile(int s) {
    return (long) FIRST_TILE.get(memory, 0L, (long) s);
  }

  /**
   * Returns the steps taken.
   *
   * @param s the record
   * @return the steps taken
   */
  public long step(int s) {
    return (long) STEP.get(memory, 0L, (long) s);
  }

  /**
   * Sets the steps taken.
   *
   * @param s the record
   * @param step the steps taken
   */
  public void setStep(int s, long step) {
    STEP.set(memory, 0L, (long) s, step);
  }

  /**
   * Returns the group.
   *
   * @param s the record
   * @return the index of its group
   */
  public int group(int s) {
    return (int) GROUP.get(memory, 0L, (long) s);
  }

  /**
   * Tells whether it takes part in this step.
   *
   * @param s the record
   * @return whether it has a gradient
   */
  public boolean active(int s) {
    return (int) ACTIVE.get(memory, 0L, (long) s) != 0;
  }

  /**
   * Says whether it takes part.
   *
   * @param s the record
   * @param active whether it has a gradient
   */
  public void setActive(int s, boolean active) {
    ACTIVE.set(memory, 0L, (long) s, active ? 1 : 0);
  }

  /**
   * Tells whether its momentum buffer holds something, so that the next step adds to it instead of
   * filling it.
   *
   * @param s the record
   * @return whether it has taken a step with momentum
   */
  public boolean buffered(int s) {
    return (int) BUFFERED.get(memory, 0L, (long) s) != 0;
  }

  /**
   * Says whether its momentum buffer holds something.
   *
   * @param s the record
   * @param buffered whether it has taken a step with momentum
   */
  public void setBuffered(int s, boolean buffered) {
    BUFFERED.set(memory, 0L, (long) s, buffered ? 1 : 0);
  }

  /**
   * Counts a step of the segments that have a gradient.
   *
   * @param count the number of segments
   */
  public void advance(int count) {
    for (int s = 0; s < count; s++) {
      if (active(s)) {
        setStep(s, step(s) + 1);
      }
    }
  }
}
