package dev.quern.spi.optim;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How the reduction before a step clips by norm and moves the loss scale, as its device table of
 * one record holds it.
 *
 * @param maxNorm the norm above which gradients are scaled down; infinity for no clipping
 * @param growth what a loss scale is multiplied by after {@code growthInterval} finite steps in a
 *     row
 * @param backoff what it is multiplied by after a step that is not finite
 * @param minScale what it does not fall below
 * @param maxScale what it does not rise above
 * @param growthInterval finite steps in a row
 */
public record GradientRule(
    double maxNorm,
    double growth,
    double backoff,
    double minScale,
    double maxScale,
    int growthInterval) {

  /** {@code QuernGradientRule} in {@code optimizer.inc}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("maxNorm"),
          ValueLayout.JAVA_DOUBLE.withName("growth"),
          ValueLayout.JAVA_DOUBLE.withName("backoff"),
          ValueLayout.JAVA_DOUBLE.withName("minScale"),
          ValueLayout.JAVA_DOUBLE.withName("maxScale"),
          ValueLayout.JAVA_INT.withName("growthInterval"),
          ValueLayout.JAVA_INT.withName("unused"));

  private static final VarHandle MAX_NORM = field("maxNorm");
  private static final VarHandle GROWTH = field("growth");
  private static final VarHandle BACKOFF = field("backoff");
  private static final VarHandle MIN_SCALE = field("minScale");
  private static final VarHandle MAX_SCALE = field("maxScale");
  private static final VarHandle GROWTH_INTERVAL = field("growthInterval");

  private static VarHandle field(String name) {
    return LAYOUT.varHandle(PathElement.groupElement(name));
  }

  /**
   * A rule that clips only: a loss scale stays as it is.
   *
   * @param maxNorm the norm above which gradients are scaled down; infinity for no clipping
   */
  public GradientRule(double maxNorm) {
    this(maxNorm, 1, 1, 1, 1, 1);
  }

  /**
   * Writes this into a table of its own.
   *
   * @return one record of {@link #LAYOUT} on the heap, 8-byte aligned
   */
  public MemorySegment toTable() {
    MemorySegment table = MemorySegment.ofArray(new long[(int) LAYOUT.byteSize() / Long.BYTES]);
    MAX_NORM.set(table, 0L, maxNorm);
    GROWTH.set(table, 0L, growth);
    BACKOFF.set(table, 0L, backoff);
    MIN_SCALE.set(table, 0L, minScale);
    MAX_SCALE.set(table, 0L, maxScale);
    GROWTH_INTERVAL.set(table, 0L, growthInterval);
    return table;
  }

  /**
   * Reads a table.
   *
   * @param table one record of {@link #LAYOUT}
   * @return the rule
   */
  public static GradientRule read(MemorySegment table) {
    return new GradientRule(
        (double) MAX_NORM.get(table, 0L),
        (double) GROWTH.get(table, 0L),
        (double) BACKOFF.get(table, 0L),
        (double) MIN_SCALE.get(table, 0L),
        (double) MAX_SCALE.get(table, 0L),
        (int) GROWTH_INTERVAL.get(table, 0L));
  }
}
