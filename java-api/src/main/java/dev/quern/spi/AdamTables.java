package dev.quern.spi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Reads and writes the device tables of an {@link AdamArena} in host memory: for the CPU backends,
 * and for whoever fills them.
 */
public final class AdamTables {
  private static final VarHandle OFFSET = segmentField("offset");
  private static final VarHandle LENGTH = segmentField("length");
  private static final VarHandle FIRST_TILE = segmentField("firstTile");
  private static final VarHandle STEP = segmentField("step");
  private static final VarHandle GROUP = segmentField("group");
  private static final VarHandle ACTIVE = segmentField("active");

  private static final VarHandle LR = groupField("lr");
  private static final VarHandle BETA1 = groupField("beta1");
  private static final VarHandle BETA2 = groupField("beta2");
  private static final VarHandle LOG_BETA1 = groupField("logBeta1");
  private static final VarHandle LOG_BETA2 = groupField("logBeta2");
  private static final VarHandle EPS = groupField("eps");
  private static final VarHandle WEIGHT_DECAY = groupField("weightDecay");
  private static final VarHandle FLAGS = groupField("flags");

  private AdamTables() {}

  private static VarHandle segmentField(String name) {
    return AdamArena.SEGMENT.arrayElementVarHandle(PathElement.groupElement(name));
  }

  private static VarHandle groupField(String name) {
    return AdamArena.GROUP.arrayElementVarHandle(PathElement.groupElement(name));
  }

  /**
   * Makes an empty heap table.
   *
   * @param layout {@link AdamArena#SEGMENT} or {@link AdamArena#GROUP}
   * @param count the number of records
   * @return zeroed memory, 8-byte aligned
   */
  public static MemorySegment table(MemoryLayout layout, int count) {
    return MemorySegment.ofArray(new long[Math.toIntExact(layout.byteSize() / 8 * count)]);
  }

  /**
   * Views a segment table.
   *
   * @param memory records of {@link AdamArena#SEGMENT}
   * @return the view
   */
  public static Segments segments(MemorySegment memory) {
    return new Segments(memory);
  }

  /**
   * Views a group table.
   *
   * @param memory records of {@link AdamArena#GROUP}
   * @return the view
   */
  public static Groups groups(MemorySegment memory) {
    return new Groups(memory);
  }

  /**
   * Writes the result of the gradient reduction.
   *
   * @param control four floats
   * @param squares the sum of the squared gradients
   * @param maxNorm the norm above which gradients are scaled down
   * @param finite whether all gradients are finite
   */
  public static void writeControl(
      MemorySegment control, double squares, float maxNorm, boolean finite) {
    float norm = (float) Math.sqrt(squares);
    float ratio = maxNorm / (norm + 1e-6f);
    // a NaN ratio must not reach the update as a factor: not-finite gradients suppress it anyway
    control.setAtIndex(JAVA_FLOAT, 0, norm);
    control.setAtIndex(JAVA_FLOAT, 1, ratio < 1 ? ratio : 1);
    control.setAtIndex(JAVA_FLOAT, 2, finite ? 1 : 0);
    control.setAtIndex(JAVA_FLOAT, 3, 0);
  }

  /**
   * A table of segments.
   *
   * @param memory records of {@link AdamArena#SEGMENT}
   */
  public record Segments(MemorySegment memory) {
    /**
     * Writes a whole record.
     *
     * @param s the record
     * @param offset the first element, a multiple of {@link AdamArena#ALIGNMENT}
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
      ACTIVE.set(memory, 0L, (long) s, active ? 1 : 0);
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
     * Counts a step.
     *
     * @param s the record
     */
    public void advance(int s) {
      STEP.set(memory, 0L, (long) s, step(s) + 1);
    }
  }

  /**
   * A table of groups.
   *
   * @param memory records of {@link AdamArena#GROUP}
   */
  public record Groups(MemorySegment memory) {
    /**
     * Writes a whole record; the logarithms are derived here, once for all backends.
     *
     * @param g the record
     * @param lr the learning rate
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param eps added to the divisor
     * @param weightDecay the weight decay
     * @param flags of {@link AdamArena}
     */
    public void set(
        int g, double lr, double beta1, double beta2, double eps, double weightDecay, int flags) {
      LR.set(memory, 0L, (long) g, lr);
      BETA1.set(memory, 0L, (long) g, beta1);
      BETA2.set(memory, 0L, (long) g, beta2);
      LOG_BETA1.set(memory, 0L, (long) g, StrictMath.log(beta1));
      LOG_BETA2.set(memory, 0L, (long) g, StrictMath.log(beta2));
      EPS.set(memory, 0L, (long) g, eps);
      WEIGHT_DECAY.set(memory, 0L, (long) g, weightDecay);
      FLAGS.set(memory, 0L, (long) g, flags);
    }

    /**
     * Derives a step's scalars.
     *
     * @param g the record
     * @param step the steps taken before
     * @param clip the clip coefficient
     * @return the scalars
     */
    public AdamCoefficients coefficients(int g, long step, float clip) {
      return AdamCoefficients.of(
          (double) LR.get(memory, 0L, (long) g),
          (double) BETA1.get(memory, 0L, (long) g),
          (double) BETA2.get(memory, 0L, (long) g),
          (double) LOG_BETA1.get(memory, 0L, (long) g),
          (double) LOG_BETA2.get(memory, 0L, (long) g),
          (double) EPS.get(memory, 0L, (long) g),
          (double) WEIGHT_DECAY.get(memory, 0L, (long) g),
          (int) FLAGS.get(memory, 0L, (long) g),
          step,
          clip);
    }
  }
}
