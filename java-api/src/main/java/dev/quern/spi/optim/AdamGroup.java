package dev.quern.spi.optim;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The hyper-parameters of one group of parameters, as Adam's device table holds them.
 *
 * @param lr the learning rate
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param logBeta1 ln beta1
 * @param logBeta2 ln beta2
 * @param eps added to the divisor
 * @param weightDecay the weight decay
 * @param l1 the L1 penalty
 * @param clipValue the largest magnitude of a gradient's element
 * @param emaDecay the decay of the parameters' moving average
 * @param flags of {@link OptimizerFlags}: which of these take part
 */
public record AdamGroup(
    double lr,
    double beta1,
    double beta2,
    double logBeta1,
    double logBeta2,
    double eps,
    double weightDecay,
    double l1,
    double clipValue,
    double emaDecay,
    int flags) {

  /** {@code QuernAdamGroup} in {@code adam.inc}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("lr"),
          ValueLayout.JAVA_DOUBLE.withName("beta1"),
          ValueLayout.JAVA_DOUBLE.withName("beta2"),
          ValueLayout.JAVA_DOUBLE.withName("logBeta1"),
          ValueLayout.JAVA_DOUBLE.withName("logBeta2"),
          ValueLayout.JAVA_DOUBLE.withName("eps"),
          ValueLayout.JAVA_DOUBLE.withName("weightDecay"),
          ValueLayout.JAVA_DOUBLE.withName("l1"),
          ValueLayout.JAVA_DOUBLE.withName("clipValue"),
          ValueLayout.JAVA_DOUBLE.withName("emaDecay"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("unused"));

  private static final VarHandle LR = field("lr");
  private static final VarHandle BETA1 = field("beta1");
  private static final VarHandle BETA2 = field("beta2");
  private static final VarHandle LOG_BETA1 = field("logBeta1");
  private static final VarHandle LOG_BETA2 = field("logBeta2");
  private static final VarHandle EPS = field("eps");
  private static final VarHandle WEIGHT_DECAY = field("weightDecay");
  private static final VarHandle L1 = field("l1");
  private static final VarHandle CLIP_VALUE = field("clipValue");
  private static final VarHandle EMA_DECAY = field("emaDecay");
  private static final VarHandle FLAGS = field("flags");

  private static VarHandle field(String name) {
    return LAYOUT.arrayElementVarHandle(PathElement.groupElement(name));
  }

  /**
   * Derives the logarithms, here once for all backends.
   *
   * @param lr the learning rate
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the divisor
   * @param weightDecay the weight decay
   * @param l1 the L1 penalty
   * @param clipValue the largest magnitude of a gradient's element
   * @param emaDecay the decay of the parameters' moving average
   * @param flags of {@link OptimizerFlags}: which of these take part
   */
  public AdamGroup(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double l1,
      double clipValue,
      double emaDecay,
      int flags) {
    this(
        lr,
        beta1,
        beta2,
        StrictMath.log(beta1),
        StrictMath.log(beta2),
        eps,
        weightDecay,
        l1,
        clipValue,
        emaDecay,
        flags);
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
    BETA1.set(table, 0L, (long) g, beta1);
    BETA2.set(table, 0L, (long) g, beta2);
    LOG_BETA1.set(table, 0L, (long) g, logBeta1);
    LOG_BETA2.set(table, 0L, (long) g, logBeta2);
    EPS.set(table, 0L, (long) g, eps);
    WEIGHT_DECAY.set(table, 0L, (long) g, weightDecay);
    L1.set(table, 0L, (long) g, l1);
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
  public static AdamGroup read(MemorySegment table, int g) {
    return new AdamGroup(
        (double) LR.get(table, 0L, (long) g),
        (double) BETA1.get(table, 0L, (long) g),
        (double) BETA2.get(table, 0L, (long) g),
        (double) LOG_BETA1.get(table, 0L, (long) g),
        (double) LOG_BETA2.get(table, 0L, (long) g),
        (double) EPS.get(table, 0L, (long) g),
        (double) WEIGHT_DECAY.get(table, 0L, (long) g),
        (double) L1.get(table, 0L, (long) g),
        (double) CLIP_VALUE.get(table, 0L, (long) g),
        (double) EMA_DECAY.get(table, 0L, (long) g),
        (int) FLAGS.get(table, 0L, (long) g));
  }
}
