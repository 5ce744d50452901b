package dev.quern.spi;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The terms of a {@link FusedLossSpec} as the GPU backends read them: {@code QuernTerm[]}. */
public final class TermTable {
  /** The most terms a fused loss may have. */
  public static final int MAX_TERMS = 8;

  /** {@link LossTerm.Overlap}. */
  public static final int KIND_OVERLAP = 0;

  /** {@link LossTerm.Bce}. */
  public static final int KIND_BCE = 1;

  /** Flag: the logarithm is taken. */
  public static final int FLAG_LOG = 1;

  /** Flag: the sum is divided by the number of pixels. */
  public static final int FLAG_MEAN = 2;

  /** The layout of {@code QuernTerm} in {@code loss_terms.inc}. */
  public static final StructLayout TERM =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("weight"),
          ValueLayout.JAVA_DOUBLE.withName("alpha"),
          ValueLayout.JAVA_DOUBLE.withName("beta"),
          ValueLayout.JAVA_DOUBLE.withName("gamma"),
          ValueLayout.JAVA_DOUBLE.withName("smooth"),
          ValueLayout.JAVA_DOUBLE.withName("eps"),
          ValueLayout.JAVA_INT.withName("kind"),
          ValueLayout.JAVA_INT.withName("flags"));

  private static final VarHandle WEIGHT = TERM.varHandle(PathElement.groupElement("weight"));
  private static final VarHandle ALPHA = TERM.varHandle(PathElement.groupElement("alpha"));
  private static final VarHandle BETA = TERM.varHandle(PathElement.groupElement("beta"));
  private static final VarHandle GAMMA = TERM.varHandle(PathElement.groupElement("gamma"));
  private static final VarHandle SMOOTH = TERM.varHandle(PathElement.groupElement("smooth"));
  private static final VarHandle EPS = TERM.varHandle(PathElement.groupElement("eps"));
  private static final VarHandle KIND = TERM.varHandle(PathElement.groupElement("kind"));
  private static final VarHandle FLAGS = TERM.varHandle(PathElement.groupElement("flags"));

  private TermTable() {}

  /**
   * Encodes the terms.
   *
   * @param spec the loss
   * @return one {@link #TERM} per term, on the heap, in native byte order
   */
  public static MemorySegment encode(FusedLossSpec spec) {
    long size = TERM.byteSize();
    MemorySegment table = MemorySegment.ofArray(new long[(int) (spec.terms().size() * size / 8)]);
    long offset = 0;
    for (FusedLossSpec.WeightedTerm weighted : spec.terms()) {
      WEIGHT.set(table, offset, weighted.weight());
      switch (weighted.term()) {
        case LossTerm.Overlap overlap -> {
          ALPHA.set(table, offset, overlap.alpha());
          BETA.set(table, offset, overlap.beta());
          GAMMA.set(table, offset, overlap.gamma());
          SMOOTH.set(table, offset, overlap.smoothNumerator());
          EPS.set(table, offset, overlap.eps());
          KIND.set(table, offset, KIND_OVERLAP);
          FLAGS.set(table, offset, overlap.logLoss() ? FLAG_LOG : 0);
        }
        case LossTerm.Bce bce -> {
          KIND.set(table, offset, KIND_BCE);
          FLAGS.set(table, offset, bce.mean() ? FLAG_MEAN : 0);
        }
        case LossTerm.Focal term -> throw unsupported(term);
        case LossTerm.CrossEntropy term -> throw unsupported(term);
        case LossTerm.SoftmaxFocal term -> throw unsupported(term);
      }
      offset += size;
    }
    return table;
  }

  private static UnsupportedOperationException unsupported(LossTerm term) {
    return new UnsupportedOperationException("This backend has no kernels yet for " + term + ".");
  }

  /**
   * Refuses what the binary kernels cannot do.
   *
   * @param spec the loss
   */
  public static void requireBinary(FusedLossSpec spec) {
    for (FusedLossSpec.WeightedTerm weighted : spec.terms()) {
      boolean plain =
          switch (weighted.term()) {
            case LossTerm.Overlap o ->
                o.absentIsZero() && o.smoothNumerator() == o.smoothDenominator();
            case LossTerm.Bce b -> b.equals(new LossTerm.Bce(b.mean()));
            default -> false;
          };
      if (!plain) {
        throw unsupported(weighted.term());
      }
    }
    boolean plain =
        spec.layout() == FusedLossSpec.Layout.ELEMENTS
            && spec.input() == LossInput.LOGITS
            && spec.classes() == 1
            && !spec.perImage()
            && (spec.targetDtype() == dev.quern.DType.U8
                || spec.targetDtype() == dev.quern.DType.F32);
    if (!plain) {
      throw new UnsupportedOperationException("This backend has no kernels yet for " + spec + ".");
    }
  }
}
