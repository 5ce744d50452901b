package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.metric.CountOperands;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Confusion counts, exact whatever the order. */
final class ConfusionCases {

  private ConfusionCases() {}

  private static final List<DType> TARGETS = List.of(DType.U8, DType.I32, DType.I64, DType.F32);

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.REDUCED) {
      for (DType target : TARGETS) {
        cases.add(count("seed " + n, n, target, null, 0.3, 0, n, 0.25f));
        cases.add(count("ignore seed " + n, n, target, Inputs.IGNORED, 0.3, 0.2, n, 0.25f));
      }
    }
    for (DType target : TARGETS) {
      cases.add(count("faults", 1009, target, null, 0.3, 0.01, 21, 0f));
      cases.add(count("faults", 65_537, target, null, 0.3, 1e-4, 21, 0f));
      cases.add(count("all ignored", 1009, target, Inputs.IGNORED, 0.3, 1, 22, 0f));
      cases.add(count("ignore -1", 1009, target, -1, 0.5, 0, 25, 0f));
      cases.add(count("ignore 0", 1009, target, 0, 0.5, 0, 26, 0f));
      cases.add(rows("images", 3, 1, 4097, target));
      cases.add(rows("classes", 5, 3, 63, target));
      cases.add(rows("classes", 7, 11, 1, target));
    }
    cases.add(count("empty", 1009, DType.U8, null, 0, 0, 23, 0f));
    cases.add(count("full", 1009, DType.U8, null, 1, 0, 24, 0f));
    cases.add(count("nothing positive", 1009, DType.U8, null, 0.5, 0, 28, Float.NaN));
    cases.add(count("ignore 16777217", 1009, DType.F32, (1 << 24) + 1, 0.5, 0, 29, 0f));
    cases.add(count("ignore 16777217", 1009, DType.I64, (1 << 24) + 1, 0.5, 0, 29, 0f));
    cases.add(count("ignore 2147483647", 1009, DType.F32, Integer.MAX_VALUE, 0.5, 0, 29, 0f));
    cases.add(count("cut infinite", 1009, DType.U8, null, 0.5, 0, 27, Float.POSITIVE_INFINITY));
    cases.add(count("cut infinite", 1009, DType.U8, null, 0.5, 0, 27, Float.NEGATIVE_INFINITY));
    cases.add(rows("no images", 3, 1, 0, DType.U8));
    cases.add(rows("images", 5, 1, 65_537, DType.U8));
    cases.add(rows("images", 1000, 1, 65, DType.U8));
    cases.add(rows("classes", 4, 3, 8192, DType.U8));
    cases.addAll(MatrixCountCases.all());
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            ConfusionKernels.class,
            "confusion counts u8",
            4,
            n -> count("seed 1", n, DType.U8, null, 0.3, 0, 1, 0f)));
  }

  private static KernelCase count(
      String operands,
      int n,
      DType target,
      @Nullable Integer ignoreIndex,
      double positive,
      double ignored,
      long seed,
      float cut) {
    return count(operands, n, n, 1, target, ignoreIndex, positive, ignored, seed, cut);
  }

  /** Targets of shape (outer, rows, inner), some faulty. */
  private static KernelCase rows(String operands, int rows, int outer, int inner, DType target) {
    String shape = "%s (%d, %d, %d)".formatted(operands, outer, rows, inner);
    int n = rows * outer * inner;
    return count(shape, n, inner, rows, target, null, 0.4, 0.002, n, 0.25f);
  }

  private static KernelCase count(
      String operands,
      int n,
      int inner,
      int rows,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      double positive,
      double ignored,
      long seed,
      float cut) {
    return new KernelCase(
        ConfusionKernels.class,
        "count",
        n + " " + targetDtype + " " + operands + " cut " + cut,
        DType.F32,
        (long) n * (4 + targetDtype.bytes()),
        bench -> {
          var kernels = bench.backend().kernels().confusion();
          int[] labels = Inputs.ints(Inputs.labels(n, positive, ignored, seed));
          if (ignoreIndex != null && (ignoreIndex < 0 || ignoreIndex > Inputs.IGNORED)) {
            for (int i = 0; i < n; i += 5) {
              // one less is another number even where a float cannot tell
              labels[i] = i % 2 == 0 ? ignoreIndex : ignoreIndex - 1;
            }
          }
          Span predictions = bench.input("predictions", HostArray.of(Inputs.withSpecials(n, seed)));
          Span target = bench.input("target", HostArray.of(targetDtype, labels));
          long[] before = new long[4 * rows];
          Arrays.setAll(before, i -> (1L << 40) * (i % 4) + i);
          Span counts = bench.inout("counts", HostArray.of(before), Tolerance.EXACT);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          long run = Math.max(1, inner);
          Span scratch = bench.scratch(kernels.scratchBytes(n, run));
          var counted =
              new CountOperands(predictions, cut, target, ignoreIndex, run, counts, fault);
          return () -> kernels.count(counted, scratch);
        });
  }
}
