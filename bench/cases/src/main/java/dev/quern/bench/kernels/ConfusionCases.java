package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Confusion counts, exact whatever the order. */
final class ConfusionCases {

  private ConfusionCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.REDUCED) {
      for (DType target : List.of(DType.U8, DType.F32)) {
        cases.add(count("seed " + n, n, target, null, 0.3, 0, n, 0.25f));
        cases.add(count("ignore seed " + n, n, target, Inputs.IGNORED, 0.3, 0.2, n, 0.25f));
      }
    }
    cases.add(count("faults", 1009, DType.U8, null, 0.3, 0.01, 21, 0f));
    cases.add(count("faults", 1009, DType.F32, null, 0.3, 0.01, 21, 0f));
    cases.add(count("all ignored", 1009, DType.U8, Inputs.IGNORED, 0.3, 1, 22, 0f));
    cases.add(count("empty", 1009, DType.U8, null, 0, 0, 23, 0f));
    cases.add(count("full", 1009, DType.U8, null, 1, 0, 24, 0f));
    cases.add(count("nothing positive", 1009, DType.U8, null, 0.5, 0, 28, Float.NaN));
    cases.add(count("ignore -1", 1009, DType.F32, -1, 0.5, 0, 25, 0f));
    cases.add(count("ignore 0", 1009, DType.U8, 0, 0.5, 0, 26, 0f));
    cases.add(count("ignore -1 cannot occur", 1009, DType.U8, -1, 0.5, 0, 26, 0f));
    cases.add(count("cut infinite", 1009, DType.U8, null, 0.5, 0, 27, Float.POSITIVE_INFINITY));
    cases.add(count("cut infinite", 1009, DType.U8, null, 0.5, 0, 27, Float.NEGATIVE_INFINITY));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            KernelFamily.CONFUSION,
            "confusion counts u8",
            4,
            n -> count("seed 1", n, DType.U8, null, 0.3, 0, 1, 0f)));
  }

  private static KernelCase count(
      String operands,
      int n,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      double positive,
      double ignored,
      long seed,
      float cut) {
    return new KernelCase(
        KernelFamily.CONFUSION,
        "count",
        n + " " + targetDtype + " " + operands + " cut " + cut,
        DType.F32,
        (long) n * (4 + targetDtype.bytes()),
        bench -> {
          var kernels = bench.backend().confusion();
          byte[] labels = Inputs.labels(n, positive, ignored, seed);
          float[] soft = Inputs.floats(labels);
          if (ignoreIndex != null && ignoreIndex < 0) {
            for (int i = 0; i < n; i += 5) {
              soft[i] = ignoreIndex;
            }
          }
          Span predictions = bench.input("predictions", HostArray.of(Inputs.withSpecials(n, seed)));
          Span target =
              bench.input(
                  "target", targetDtype == DType.U8 ? HostArray.of(labels) : HostArray.of(soft));
          Span counts =
              bench.inout("counts", HostArray.of(1L, 20L, 300L, 1L << 40), Tolerance.EXACT);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = bench.scratch(kernels.scratchBytes(n));
          return () -> kernels.count(predictions, cut, target, ignoreIndex, counts, fault, scratch);
        });
  }
}
