package dev.quern.gpu.layout;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossTerm;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A {@link FusedLossSpec} as the GPU backends read it: one block of memory with {@code
 * QuernLossOptions} at its start, then {@code QuernLossTerm[terms]}, then the classes' shares
 * {@code double[terms][classes]}, then {@code float[3][classes]} of factors: of the positive part
 * of the binary cross-entropy, of the cross-entropy, of the focal loss through the softmax.
 *
 * @param memory the block, on the heap, in native byte order
 * @param terms byte offset of the terms
 * @param shares byte offset of the shares
 * @param factors byte offset of the factors
 */
public record FusedLossEncoding(MemorySegment memory, long terms, long shares, long factors) {
  /** {@link LossTerm.Overlap}. */
  public static final int KIND_OVERLAP = 0;

  /** {@link LossTerm.Bce}. */
  public static final int KIND_BCE = 1;

  /** {@link LossTerm.Focal}. */
  public static final int KIND_FOCAL = 2;

  /** {@link LossTerm.CrossEntropy}. */
  public static final int KIND_CROSS_ENTROPY = 3;

  /** {@link LossTerm.SoftmaxFocal}. */
  public static final int KIND_SOFTMAX_FOCAL = 4;

  /** Flag: the logarithm is taken. */
  public static final int FLAG_LOG = 1;

  /** Flag: the sum is divided. */
  public static final int FLAG_MEAN = 2;

  /** Flag: absent classes have loss 0. */
  public static final int FLAG_ABSENT_IS_ZERO = 4;

  /** Flag: the sum is divided by the sum of the focal weights. */
  public static final int FLAG_NORMALIZED = 8;

  /** Flag: the mean of the binary cross-entropy is over what is not ignored. */
  public static final int FLAG_OF_VALID = 16;

  /** The layout of {@code QuernLossTerm} in {@code loss_table.inc}. */
  public static final StructLayout TERM =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("weight"),
          ValueLayout.JAVA_DOUBLE.withName("alpha"),
          ValueLayout.JAVA_DOUBLE.withName("beta"),
          ValueLayout.JAVA_DOUBLE.withName("gamma"),
          ValueLayout.JAVA_DOUBLE.withName("smoothNumerator"),
          ValueLayout.JAVA_DOUBLE.withName("smoothDenominator"),
          ValueLayout.JAVA_DOUBLE.withName("eps"),
          ValueLayout.JAVA_INT.withName("kind"),
          ValueLayout.JAVA_INT.withName("flags"));

  /** The layout of {@code QuernLossOptions} in {@code loss_table.inc}. */
  public static final StructLayout OPTIONS =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_INT.withName("form"),
          ValueLayout.JAVA_INT.withName("probabilities"),
          ValueLayout.JAVA_INT.withName("overlap"),
          ValueLayout.JAVA_INT.withName("bce"),
          ValueLayout.JAVA_INT.withName("focal"),
          ValueLayout.JAVA_INT.withName("crossEntropy"),
          ValueLayout.JAVA_INT.withName("softmaxFocal"),
          ValueLayout.JAVA_INT.withName("counted"),
          ValueLayout.JAVA_INT.withName("checked"),
          ValueLayout.JAVA_INT.withName("oneHot"),
          ValueLayout.JAVA_FLOAT.withName("cut"),
          ValueLayout.JAVA_FLOAT.withName("ignored"),
          ValueLayout.JAVA_FLOAT.withName("bceSmoothing"),
          ValueLayout.JAVA_FLOAT.withName("focalGamma"),
          ValueLayout.JAVA_FLOAT.withName("focalPositive"),
          ValueLayout.JAVA_FLOAT.withName("focalNegative"),
          ValueLayout.JAVA_FLOAT.withName("focalThreshold"),
          ValueLayout.JAVA_FLOAT.withName("focalLogThreshold"),
          ValueLayout.JAVA_INT.withName("focalLinear"),
          ValueLayout.JAVA_INT.withName("focalNormalized"),
          ValueLayout.JAVA_FLOAT.withName("crossEntropySmoothing"),
          ValueLayout.JAVA_FLOAT.withName("softmaxFocalGamma"),
          ValueLayout.JAVA_FLOAT.withName("crossEntropySpread"),
          ValueLayout.JAVA_INT.withName("unused"));

  /**
   * Encodes a specification.
   *
   * @param spec the loss
   * @return the block
   */
  public static FusedLossEncoding encode(FusedLossSpec spec) {
    int classes = spec.classes();
    int count = spec.terms().size();
    long terms = OPTIONS.byteSize();
    long shares = terms + count * TERM.byteSize();
    long factors = shares + (long) count * classes * Double.BYTES;
    long size = factors + 3L * classes * Float.BYTES;
    MemorySegment memory = MemorySegment.ofArray(new long[Math.toIntExact((size + 7) / 8)]);
    LossScalars scalars = LossScalars.of(spec);
    options(spec, scalars, memory);
    for (int i = 0; i < count; i++) {
      FusedLossSpec.WeightedTerm weighted = spec.terms().get(i);
      term(weighted, memory, terms + i * TERM.byteSize());
      double[] share = weighted.term().shares(classes);
      MemorySegment.copy(
          share, 0, memory, ValueLayout.JAVA_DOUBLE, shares + 8L * i * classes, classes);
    }
    row(scalars.bcePositive(), memory, factors);
    row(scalars.crossEntropy(), memory, factors + 4L * classes);
    row(scalars.softmaxFocal(), memory, factors + 8L * classes);
    return new FusedLossEncoding(memory, terms, shares, factors);
  }

  private static void row(float[] factors, MemorySegment to, long at) {
    MemorySegment.copy(factors, 0, to, ValueLayout.JAVA_FLOAT, at, factors.length);
  }

  private static void options(FusedLossSpec spec, LossScalars scalars, MemorySegment to) {
    set(
        to,
        "form",
        switch (spec.truePositiveForm()) {
          case MIN -> 0;
          case PRODUCT -> 1;
          case SQUARED -> 2;
        });
    set(to, "probabilities", spec.input() == LossInput.PROBABILITIES);
    set(to, "overlap", spec.hasOverlap());
    set(to, "counted", spec.countCut() != null);
    set(to, "checked", spec.targetDtype() != DType.F32);
    set(to, "oneHot", spec.layout() == FusedLossSpec.Layout.ONE_HOT);
    set(to, "cut", scalars.cut());
    set(to, "ignored", scalars.ignored());
    set(to, "bce", spec.find(LossTerm.Bce.class) != null);
    set(to, "bceSmoothing", scalars.bceSmoothing());
    LossTerm.Focal focal = spec.find(LossTerm.Focal.class);
    set(to, "focal", focal != null);
    set(to, "focalGamma", scalars.focalGamma());
    set(to, "focalPositive", scalars.focalPositive());
    set(to, "focalNegative", scalars.focalNegative());
    set(to, "focalThreshold", scalars.focalThreshold());
    set(to, "focalLogThreshold", scalars.focalLogThreshold());
    set(to, "focalLinear", focal != null && focal.linear());
    set(to, "focalNormalized", focal != null && focal.normalized());
    set(to, "crossEntropy", spec.find(LossTerm.CrossEntropy.class) != null);
    set(to, "crossEntropySmoothing", scalars.crossEntropySmoothing());
    set(to, "crossEntropySpread", scalars.crossEntropySpread());
    set(to, "softmaxFocal", spec.find(LossTerm.SoftmaxFocal.class) != null);
    set(to, "softmaxFocalGamma", scalars.softmaxFocalGamma());
  }

  private static void term(FusedLossSpec.WeightedTerm weighted, MemorySegment to, long at) {
    handle("weight").set(to, at, weighted.weight());
    int flags = 0;
    int kind;
    switch (weighted.term()) {
      case LossTerm.Overlap overlap -> {
        kind = KIND_OVERLAP;
        handle("alpha").set(to, at, overlap.alpha());
        handle("beta").set(to, at, overlap.beta());
        handle("gamma").set(to, at, overlap.gamma());
        handle("smoothNumerator").set(to, at, overlap.smoothNumerator());
        handle("smoothDenominator").set(to, at, overlap.smoothDenominator());
        handle("eps").set(to, at, overlap.eps());
        flags |= overlap.logLoss() ? FLAG_LOG : 0;
        flags |= overlap.absentIsZero() ? FLAG_ABSENT_IS_ZERO : 0;
      }
      case LossTerm.Bce bce -> {
        kind = KIND_BCE;
        flags |= bce.mean() ? FLAG_MEAN : 0;
        flags |= bce.ofValid() ? FLAG_OF_VALID : 0;
      }
      case LossTerm.Focal focal -> {
        kind = KIND_FOCAL;
        flags |= focal.mean() ? FLAG_MEAN : 0;
        flags |= focal.normalized() ? FLAG_NORMALIZED : 0;
      }
      case LossTerm.CrossEntropy crossEntropy -> {
        kind = KIND_CROSS_ENTROPY;
        flags |= crossEntropy.mean() ? FLAG_MEAN : 0;
      }
      case LossTerm.SoftmaxFocal focal -> {
        kind = KIND_SOFTMAX_FOCAL;
        flags |= focal.mean() ? FLAG_MEAN : 0;
      }
    }
    handle("kind").set(to, at, kind);
    handle("flags").set(to, at, flags);
  }

  private static VarHandle handle(String field) {
    return TERM.varHandle(PathElement.groupElement(field));
  }

  private static void set(MemorySegment to, String field, boolean value) {
    set(to, field, value ? 1 : 0);
  }

  private static void set(MemorySegment to, String field, int value) {
    OPTIONS.varHandle(PathElement.groupElement(field)).set(to, 0L, value);
  }

  private static void set(MemorySegment to, String field, float value) {
    OPTIONS.varHandle(PathElement.groupElement(field)).set(to, 0L, value);
  }
}
