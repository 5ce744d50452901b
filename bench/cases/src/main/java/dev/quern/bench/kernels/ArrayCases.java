package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.AdamArena;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cases of the kernels on Java arrays. */
public final class ArrayCases {

  private static final List<WeightedTerm> TERMS =
      List.of(
          new WeightedTerm(LossTerm.Overlap.dice(1, 1e-7, false), 0.7),
          new WeightedTerm(new LossTerm.Bce(true), 1));

  private ArrayCases() {}

  /** {@return all cases} */
  public static List<ArrayCase> all() {
    var cases = new ArrayList<ArrayCase>();
    for (int n : Sizes.REDUCED) {
      cases.add(loss(n, TruePositiveForm.MIN, DType.U8, null, 0, true, false));
      cases.add(loss(n, TruePositiveForm.MIN, DType.F32, Inputs.IGNORED, 0.1, true, true));
      for (DType target : List.of(DType.U8, DType.I32, DType.I64, DType.F32)) {
        cases.add(count(n, target, null, 0));
        cases.add(count(n, target, Inputs.IGNORED, 0.1));
      }
      cases.add(adam(n, 0, 0));
    }
    for (TruePositiveForm form : TruePositiveForm.values()) {
      cases.add(loss(1009, form, DType.U8, Inputs.IGNORED, 0.1, true, true));
      cases.add(loss(1009, form, DType.F32, null, 0, false, false));
      cases.add(loss(1009, form, DType.U8, null, 0.02, false, false));
      cases.add(loss(1009, form, DType.U8, Inputs.IGNORED, 1, true, false));
    }
    cases.add(count(1009, DType.U8, null, 0.02));
    cases.add(count(8192, DType.I64, null, 0.001));
    for (int flags = 0; flags < 8; flags++) {
      cases.add(adam(8193, flags, 0.1));
    }
    return cases;
  }

  private static ArrayCase loss(
      int n,
      TruePositiveForm form,
      DType target,
      @Nullable Integer ignoreIndex,
      double ignored,
      boolean backward,
      boolean inPlace) {
    FusedLossSpec spec = SegmentationCases.spec(TERMS, form, ignoreIndex, target, 0.25f);
    String name =
        "loss %d %s %s ignore %s of %s%s%s"
            .formatted(
                n,
                form,
                target,
                ignoreIndex,
                ignored,
                backward ? " with gradient" : "",
                inPlace ? " in place" : "");
    return new ArrayCase(
        name,
        kernels -> {
          byte[] labels = Inputs.labels(n, 0.3, ignored, n + 1L);
          float[] logits = Inputs.uniform(n, 6, n);
          float @Nullable [] gradient = null;
          if (backward) {
            gradient = inPlace ? logits : new float[n];
          }
          long[] counts = {1, 20, 300, 4000};
          ArrayKernels.Result result =
              kernels.loss(
                  spec,
                  logits,
                  target == DType.U8 ? labels : null,
                  target == DType.U8 ? null : Inputs.floats(labels),
                  -1.75f,
                  gradient,
                  counts);
          var results = new ArrayList<Result>();
          results.add(new Result("value", HostArray.of(result.value()), Tolerance.LOSS));
          results.add(new Result("fault", HostArray.of(result.fault()), Tolerance.EXACT));
          results.add(new Result("counts", HostArray.of(counts), Tolerance.EXACT));
          results.add(new Result("logits or gradient", HostArray.of(logits), Tolerance.GRADIENT));
          if (gradient != null) {
            results.add(new Result("gradient", HostArray.of(gradient), Tolerance.GRADIENT));
          }
          return results;
        });
  }

  private static ArrayCase count(
      int n, DType targetDtype, @Nullable Integer ignoreIndex, double ignored) {
    return new ArrayCase(
        "count " + n + " " + targetDtype + " ignore " + ignoreIndex + " of " + ignored,
        kernels -> {
          byte[] labels = Inputs.labels(n, 0.3, ignored, n + 1L);
          MemorySegment target =
              switch (targetDtype) {
                case U8 -> MemorySegment.ofArray(labels);
                case I32 -> MemorySegment.ofArray(Inputs.ints(labels));
                case I64 ->
                    MemorySegment.ofArray(
                        Arrays.stream(Inputs.ints(labels)).asLongStream().toArray());
                default -> MemorySegment.ofArray(Inputs.floats(labels));
              };
          long[] counts = {1, 20, 300, 1L << 40};
          MemorySegment predictions = MemorySegment.ofArray(Inputs.withSpecials(n, n));
          long fault =
              kernels.count(
                  predictions, 0.25f, target, targetDtype, ignoreIndex, Math.max(1, n), counts);
          // the same in bytes, which are no array of either type
          long[] again = {0, 0, 0, 0};
          long faultAgain =
              kernels.count(
                  bytes(predictions),
                  0.25f,
                  bytes(target),
                  targetDtype,
                  ignoreIndex,
                  Math.max(1, n),
                  again);
          return List.of(
              new Result("counts", HostArray.of(counts), Tolerance.EXACT),
              new Result("fault", HostArray.of(fault), Tolerance.EXACT),
              new Result("counts of bytes", HostArray.of(again), Tolerance.EXACT),
              new Result("fault in bytes", HostArray.of(faultAgain), Tolerance.EXACT));
        });
  }

  private static MemorySegment bytes(MemorySegment segment) {
    return MemorySegment.ofArray(segment.toArray(ValueLayout.JAVA_BYTE)).asReadOnly();
  }

  private static ArrayCase adam(int n, int flags, double weightDecay) {
    double lr = 1e-2;
    int steps = 3;
    return new ArrayCase(
        "adam " + n + " flags " + flags + " weight decay " + weightDecay,
        kernels -> {
          float[] parameters = Inputs.uniform(n, 1, 1);
          float[] expAvg = new float[n];
          float[] expAvgSq = new float[n];
          float @Nullable [] maxExpAvgSq =
              (flags & AdamArena.FLAG_AMSGRAD) == 0 ? null : new float[n];
          for (int step = 0; step < steps; step++) {
            AdamCoefficients coefficients =
                AdamCoefficients.of(
                    lr,
                    0.9,
                    0.99,
                    StrictMath.log(0.9),
                    StrictMath.log(0.99),
                    1e-8,
                    weightDecay,
                    flags,
                    step,
                    0.5f);
            kernels.adam(
                parameters,
                Inputs.uniform(n, 1, 2 + step),
                expAvg,
                expAvgSq,
                maxExpAvgSq,
                coefficients);
          }
          var results = new ArrayList<Result>();
          results.add(
              new Result("parameters", HostArray.of(parameters), Tolerance.adam(steps, lr)));
          for (float @Nullable [] moment : Arrays.asList(expAvg, expAvgSq, maxExpAvgSq)) {
            if (moment != null) {
              results.add(new Result("moment", HostArray.of(moment), Tolerance.MOMENT));
            }
          }
          return results;
        });
  }
}
