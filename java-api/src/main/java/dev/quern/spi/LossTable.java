package dev.quern.spi;

import dev.quern.DType;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

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
public record LossTable(MemorySegment memory, long terms, long shares, long factors) {
  /** The most terms a fused loss may have. */
  public static final int MAX_TERMS = 8;

  /** The number of sums that pass 1 leaves per segment: {@code QUERN_LOSS_SUMS}. */
  public static final int SUMS = 10;

  /** The number of coefficients that pass 2 reads per segment: {@code QUERN_LOSS_COEFFICIENTS}. */
  public static final int COEFFICIENTS = 8;

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

  /** The layout of {@code QuernLossTerm} in {@code segmentation.inc}. */
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

  /** The layout of {@code QuernLossOptions} in {@code segmentation.inc}. */
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
  public static LossTable encode(FusedLossSpec spec) {
    int classes = spec.classes();
    int count = spec.terms().size();
    long terms = OPTIONS.byteSize();
    long shares = terms + count * TERM.byteSize();
    long factors = shares + (long) count * classes * Double.BYTES;
    long size = factors + 3L * classes * Float.BYTES;
    MemorySegment memory = MemorySegment.ofArray(new long[Math.toIntExact((size + 7) / 8)]);
    options(spec, memory);
    for (int i = 0; i < count; i++) {
      FusedLossSpec.WeightedTerm weighted = spec.terms().get(i);
      term(weighted, memory, terms + i * TERM.byteSize());
      double[] share = shares(weighted.term(), classes);
      MemorySegment.copy(
          share, 0, memory, ValueLayout.JAVA_DOUBLE, shares + 8L * i * classes, classes);
    }
    float[] factor = factors(spec);
    MemorySegment.copy(factor, 0, memory, ValueLayout.JAVA_FLOAT, factors, factor.length);
    return new LossTable(memory, terms, shares, factors);
  }

  /**
   * Returns the classes' shares in a term.
   *
   * @param term the term
   * @param classes the number of classes
   * @return one per class: the term's, or all 1 / C; 1 / C for terms that do not share
   */
  public static double[] shares(LossTerm term, int classes) {
    boolean given =
        !term.perClass().isEmpty()
            && (term instanceof LossTerm.Overlap || term instanceof LossTerm.Focal);
    double[] shares = new double[classes];
    for (int c = 0; c < classes; c++) {
      shares[c] = given ? term.perClass().get(c) : 1.0 / classes;
    }
    return shares;
  }

  /**
   * Returns the factors of the classes in the passes over the pixels.
   *
   * @param spec the loss
   * @return three rows of one per class: of the positive part of the binary cross-entropy, of the
   *     cross-entropy, of the focal loss through the softmax
   */
  public static float[] factors(FusedLossSpec spec) {
    int classes = spec.classes();
    float[] factors = new float[3 * classes];
    row(spec.find(LossTerm.Bce.class), factors, 0, classes);
    row(spec.find(LossTerm.CrossEntropy.class), factors, classes, classes);
    row(spec.find(LossTerm.SoftmaxFocal.class), factors, 2 * classes, classes);
    return factors;
  }

  private static void row(
      @org.jspecify.annotations.Nullable LossTerm term, float[] factors, int at, int classes) {
    List<Double> given = term == null ? List.of() : term.perClass();
    for (int c = 0; c < classes; c++) {
      factors[at + c] = given.isEmpty() ? 1 : given.get(c).floatValue();
    }
  }

  private static void options(FusedLossSpec spec, MemorySegment to) {
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
    Float cut = spec.countCut();
    set(to, "cut", cut == null ? 0 : cut);
    Integer ignoreIndex = spec.ignoreIndex();
    set(to, "ignored", ignoreIndex == null ? Float.NaN : ignoreIndex);
    LossTerm.Bce bce = spec.find(LossTerm.Bce.class);
    set(to, "bce", bce != null);
    if (bce != null) {
      set(to, "bceSmoothing", bce.smoothing());
    }
    LossTerm.Focal focal = spec.find(LossTerm.Focal.class);
    set(to, "focal", focal != null);
    if (focal != null) {
      double threshold = focal.reducedThreshold();
      set(to, "focalGamma", focal.gamma());
      set(to, "focalPositive", focal.positive());
      set(to, "focalNegative", focal.negative());
      set(to, "focalThreshold", threshold);
      set(to, "focalLogThreshold", threshold == 0 ? 0 : Math.log(threshold));
      set(to, "focalLinear", focal.linear());
      set(to, "focalNormalized", focal.normalized());
    }
    LossTerm.CrossEntropy crossEntropy = spec.find(LossTerm.CrossEntropy.class);
    set(to, "crossEntropy", crossEntropy != null);
    if (crossEntropy != null) {
      set(to, "crossEntropySmoothing", crossEntropy.smoothing());
      set(to, "crossEntropySpread", crossEntropy.smoothing() / spec.classes());
    }
    LossTerm.SoftmaxFocal softmaxFocal = spec.find(LossTerm.SoftmaxFocal.class);
    set(to, "softmaxFocal", softmaxFocal != null);
    if (softmaxFocal != null) {
      set(to, "softmaxFocalGamma", softmaxFocal.gamma());
    }
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
    VarHandle handle = OPTIONS.varHandle(PathElement.groupElement(field));
    if (handle.varType() == float.class) {
      handle.set(to, 0L, (float) value);
    } else {
      handle.set(to, 0L, value);
    }
  }

  private static void set(MemorySegment to, String field, double value) {
    OPTIONS.varHandle(PathElement.groupElement(field)).set(to, 0L, (float) value);
  }
}
