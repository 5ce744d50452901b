package dev.quern.spi.optim;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The hyper-parameters of one group of parameters, as the device table of SGD holds them.
 *
 * @param lr the learning rate
 * @param momentum the factor of the momentum buffer
 * @param dampening how much of the gradient the momentum buffer does not take
 * @param weightDecay the weight decay
 * @param clipValue the largest magnitude of a gradient's element
 * @param emaDecay the decay of the parameters' moving average
 * @param flags of {@link OptimizerFlags}: which of these take part
 */
public record SgdGroup(
    double lr,
    double momentum,
    double dampening,
    double weightDecay,
    double clipValue,
    double emaDecay,
    int flags) {

  /** {@code QuernSgdGroup} in {@code sgd.inc}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("lr"),
          ValueLayout.JAVA_DOUBLE.withName("momentum"),
          ValueLayout.JAVA_DOUBLE.withName("dampening"),
          ValueLayout.JAVA_DOUBLE.withName("weightDecay"),
          ValueLayout.JAVA_DOUBLE.withName("clipValue"),
          ValueLayout.JAVA_DOUBLE.withName("emaDecay"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("unused"));

  private static final VarHandle LR = field("lr");
  private static final VarHandle MOMENTUM = field("momentum");
  private static final VarHandle DAMPENING = field("dampening");
  private static final VarHandle WEIGHT_DECAY = field("weightDecay");
  private static final VarHandle CLIP_VALUE = field("clipValue");
  private static final VarHandle EMA_DECAY = field("emaDecay");
  private static final VarHandle FLAGS = field("flags");

  private static VarHandle field(String name) {
    return LAYOUT.arrayElementVarHandle(PathElement.groupElement(name));
  }

  /**
   * Makes an empty table on the heap.
   *
   * @param count the number of records
   * @return records of {@link #LAYOUT}, zeroed, 8-byte aligned
   */
  public static MemorySegment table(int count) {
    return MemorySegment.ofArray(new long[Math.toIntExact(LAYOUT.byteSize() / 8 * count)]);
  }

  /**
   * Writes this into a table.
   *
   * @param table records of {@link #LAYOUT}
   * @param g the record
   */
  public void write(MemorySegment table, int g) {
    LR.set(table, 0L, (long) g, lr);
    MOMENTUM.set(table, 0L, (long) g, momentum);
    DAMPENING.set(table, 0L, (long) g, dampening);
    WEIGHT_DECAY.set(table, 0L, (long) g, weightDecay);
    CLIP_VALUE.set(table, 0L, (long) g, clipValue);
    EMA_DECAY.set(table, 0L, (long) g, emaDecay);
    FLAGS.set(table, 0L, (long) g, flags);
  }

  /**
   * Reads a record.
   *
   * @param table records of {@link #LAYOUT}
   * @param g the record
   * @return the group
   */
  public static SgdGroup read(MemorySegment table, int g) {
    return new SgdGroup(
        (double) LR.get(table, 0L, (long) g),
        (double) MOMENTUM.get(table, 0L, (long) g),
        (double) DAMPENING.get(table, 0L, (long) g),
        (double) WEIGHT_DECAY.get(table, 0L, (long) g),
        (double) CLIP_VALUE.get(table, 0L, (long) g),
        (double) EMA_DECAY.get(table, 0L, (long) g),
        (int) FLAGS.get(table, 0L, (long) g));
  }
}
