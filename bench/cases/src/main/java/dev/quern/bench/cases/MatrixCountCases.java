package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.metric.MatrixCountOperands;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Multiclass confusion matrices, exact whatever the order. */
final class MatrixCountCases {

  private static final List<DType> LABELS = List.of(DType.U8, DType.I32, DType.I64);

  private MatrixCountCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int inner : Sizes.REDUCED) {
      cases.add(scores(1, 3, inner, DType.U8, null, 0));
    }
    for (DType target : LABELS) {
      cases.add(scores(3, 5, 1009, target, null, 0.003));
      cases.add(scores(2, 5, 4097, target, Inputs.IGNORED, 0.2));
      cases.add(scores(17, 2, 1, target, -1, 0));
      cases.add(scores(2, 4, 63, target, 2, 0));
      for (DType predictions : LABELS) {
        cases.add(labels(9001, 7, predictions, target, null, 0));
        cases.add(labels(9001, 7, predictions, target, null, 0.001));
        cases.add(labels(65_537, 3, predictions, target, Inputs.IGNORED, 0.3));
      }
    }
    cases.add(scores(5001, 3, 1, DType.U8, null, 0.001));
    cases.add(scores(301, 3, 33, DType.U8, null, 0.001));
    cases.add(scores(3, 5000, 1, DType.I32, null, 0));
    cases.add(scores(2, 64, 127, DType.U8, null, 0.01));
    cases.add(scores(2, 65, 127, DType.U8, null, 0.01));
    cases.add(scores(1, 300, 33, DType.I32, null, 0));
    cases.add(labels(65_537, 1000, DType.I32, DType.I64, null, 1e-4));
    cases.add(labels(4097, 1, DType.U8, DType.U8, null, 0));
    cases.add(labels(0, 4, DType.U8, DType.U8, null, 0));
    return cases;
  }

  static KernelCase timed(int pixels, int classes) {
    return scores(1, classes, pixels / classes, DType.U8, null, 0);
  }

  /** Scores with ties and NaN, of shape (outer, classes, inner). */
  private static KernelCase scores(
      int outer,
      int classes,
      int inner,
      DType target,
      @Nullable Integer ignoreIndex,
      double unclassed) {
    int n = outer * inner;
    String operands = "scores (%d, %d, %d)".formatted(outer, classes, inner);
    return matrix(operands, n, classes, inner, DType.F32, target, ignoreIndex, unclassed);
  }

  private static KernelCase labels(
      int n,
      int classes,
      DType predictions,
      DType target,
      @Nullable Integer ignoreIndex,
      double unclassed) {
    String operands = n + " labels, " + classes + " classes";
    return matrix(operands, n, classes, n, predictions, target, ignoreIndex, unclassed);
  }

  /** With so many targets, and labels predicted, that are {@link Inputs#IGNORED}. */
  private static KernelCase matrix(
      String operands,
      int n,
      int classes,
      int inner,
      DType predictionsDtype,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      double unclassed) {
    boolean scores = predictionsDtype == DType.F32;
    long bytes =
        (long) n * targetDtype.bytes()
            + (long) n * predictionsDtype.bytes() * (scores ? classes : 1)
            + 8L * classes * classes;
    return new KernelCase(
        ConfusionKernels.class,
        "matrix",
        "%s %s %s ignore %s faults %s"
            .formatted(operands, predictionsDtype, targetDtype, ignoreIndex, unclassed),
        DType.F32,
        bytes,
        bench -> {
          var kernels = bench.backend().kernels().confusion();
          var random = new SplittableRandom(n + 31L * classes);
          int[] target = classes(n, classes, unclassed, random);
          for (int i = 0; ignoreIndex != null && ignoreIndex < 0 && i < n; i += 3) {
            target[i] = targetDtype == DType.U8 ? 0 : ignoreIndex;
          }
          Span predictions =
              bench.input(
                  "predictions",
                  scores
                      ? HostArray.of(ties(n * classes, random))
                      : HostArray.of(predictionsDtype, classes(n, classes, unclassed, random)));
          Span targets = bench.input("target", HostArray.of(targetDtype, target));
          long[] before = new long[classes * classes];
          for (int i = 0; i < before.length; i++) {
            // near where the lower half of a counter overflows
            before[i] = (1L << 32) * (i % 3 + 1) - i % 5;
          }
          Span counts = bench.inout("counts", HostArray.of(before), Tolerance.EXACT);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = bench.scratch(kernels.matrixScratchBytes(n));
          long plane = Math.max(1, inner);
          var counted =
              new MatrixCountOperands(
                  predictions, targets, ignoreIndex, classes, plane, counts, fault);
          return () -> kernels.matrix(counted, scratch);
        });
  }

  private static int[] classes(int n, int classes, double unclassed, SplittableRandom random) {
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      labels[i] =
          random.nextDouble() < unclassed ? Inputs.IGNORED : random.nextInt(Math.min(classes, 255));
    }
    return labels;
  }

  /** Few different numbers, so that the greatest is often there twice, and some NaN. */
  private static float[] ties(int n, SplittableRandom random) {
    float[] scores = new float[n];
    for (int i = 0; i < n; i++) {
      scores[i] = random.nextInt(97) == 0 ? Float.NaN : random.nextInt(-8, 8) / 4f;
    }
    return scores;
  }
}
