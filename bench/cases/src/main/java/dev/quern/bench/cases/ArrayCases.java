package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.ArrayCase;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.Segments;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.SgdCoefficients;
import dev.quern.spi.optim.SgdGroup;
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
      cases.add(matrix(n, DType.F32, DType.U8));
      cases.add(matrix(n, DType.I64, DType.I32));
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
    int[] flags = {
      OptimizerFlags.AMSGRAD, OptimizerFlags.MAXIMIZE, OptimizerFlags.DECOUPLED, OptimizerFlags.L1
    };
    for (int subset = 0; subset < 1 << flags.length; subset++) {
      int chosen = 0;
      for (int bit = 0; bit < flags.length; bit++) {
        chosen |= (subset >> bit & 1) * flags[bit];
      }
      cases.add(adam(8193, chosen, 0.1));
    }
    cases.add(adam(8193, OptimizerFlags.PROXIMAL_L1, 0.1));
    int proximal = OptimizerFlags.PROXIMAL_L1 | OptimizerFlags.AMSGRAD;
    for (String memory : List.of("aligned", "odd", "mixed")) {
      for (int n : Sizes.REDUCED) {
        cases.add(adamSegments(n, 0, memory));
      }
      cases.add(adamSegments(8193, proximal, memory));
      cases.add(adamSegments(8193, OptimizerFlags.L1, memory));
    }
    int momentum = OptimizerFlags.MOMENTUM;
    for (int n : Sizes.REDUCED) {
      cases.add(sgd(n, new SgdGroup(0.05, 0, 0, 0.01, 1, 1, 0)));
      cases.add(sgd(n, new SgdGroup(0.05, 0.9, 0.5, 0.01, 1, 1, momentum)));
    }
    cases.addAll(LovaszCases.arrays());
    int all = momentum | OptimizerFlags.NESTEROV | OptimizerFlags.MAXIMIZE;
    cases.add(sgd(8193, new SgdGroup(0.05, 0.9, 0, 0.01, 1, 1, all)));
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
                  new LossExtent(1, 1, n),
                  MemorySegment.ofArray(logits),
                  target == DType.U8
                      ? MemorySegment.ofArray(labels)
                      : MemorySegment.ofArray(Inputs.floats(labels)),
                  -1.75f,
                  gradient == null ? null : MemorySegment.ofArray(gradient),
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

  /** Scores of 3 classes in two images of n pixels, or as many labels, some faulty. */
  private static ArrayCase matrix(int n, DType predictionsDtype, DType targetDtype) {
    return new ArrayCase(
        "matrix " + n + " " + predictionsDtype + " " + targetDtype,
        kernels -> {
          MemorySegment target = labels(2 * n, targetDtype, n);
          MemorySegment predictions =
              predictionsDtype == DType.F32
                  ? MemorySegment.ofArray(Inputs.withSpecials(6 * n, n))
                  : labels(2 * n, predictionsDtype, n + 1L);
          long[] counts = {1, 20, 300, 4, 5, 6, 7, 8, 1L << 40};
          long fault =
              kernels.matrix(
                  predictions, predictionsDtype, target, targetDtype, 2, 3, Math.max(1, n), counts);
          long[] again = new long[9];
          long faultAgain =
              kernels.matrix(
                  bytes(predictions),
                  predictionsDtype,
                  bytes(target),
                  targetDtype,
                  null,
                  3,
                  Math.max(1, n),
                  again);
          return List.of(
              new Result("counts", HostArray.of(counts), Tolerance.EXACT),
              new Result("fault", HostArray.of(fault), Tolerance.EXACT),
              new Result("counts of bytes", HostArray.of(again), Tolerance.EXACT),
              new Result("fault in bytes", HostArray.of(faultAgain), Tolerance.EXACT));
        });
  }

  /** 0 to 2, and few that are no class. */
  private static MemorySegment labels(int n, DType dtype, long seed) {
    int[] labels = Inputs.ints(Inputs.labels(n, 0.3, 1e-3, seed));
    for (int i = 0; i < n; i += 3) {
      labels[i] = labels[i] == 1 ? 2 : labels[i];
    }
    return HostArray.of(dtype, labels).segment();
  }

  private static MemorySegment bytes(MemorySegment segment) {
    return MemorySegment.ofArray(segment.toArray(ValueLayout.JAVA_BYTE)).asReadOnly();
  }

  private static ArrayCase adam(int n, int flags, double weightDecay) {
    double lr = 1e-2;
    int steps = 3;
    AdamGroup group = new AdamGroup(lr, 0.9, 0.99, 1e-6, weightDecay, 0.05, 1, 1, flags);
    return new ArrayCase(
        "adam " + n + " flags " + flags + " weight decay " + weightDecay,
        kernels -> {
          float[] parameters = Inputs.uniform(n, 1, 1);
          float[] expAvg = new float[n];
          float[] expAvgSq = new float[n];
          float @Nullable [] maxExpAvgSq =
              (flags & OptimizerFlags.AMSGRAD) == 0 ? null : new float[n];
          for (int step = 0; step < steps; step++) {
            kernels.adam(
                parameters,
                Inputs.uniform(n, 1, 2 + step),
                expAvg,
                expAvgSq,
                maxExpAvgSq,
                AdamCoefficients.of(group, step, 1, 0.5f));
          }
          return results(
              Tolerance.parameters(steps, lr),
              parameters,
              Arrays.asList(expAvg, expAvgSq, maxExpAvgSq));
        });
  }

  /** Adam over segments: native and aligned, native at odd addresses, or of all sorts. */
  private static ArrayCase adamSegments(int n, int flags, String memory) {
    double lr = 1e-2;
    int steps = 3;
    AdamGroup group = new AdamGroup(lr, 0.9, 0.99, 1e-6, 0.1, 0.05, 1, 1, flags);
    return new ArrayCase(
        "adam " + n + " flags " + flags + " segments " + memory,
        kernels -> {
          try (var segments = new Segments(memory)) {
            MemorySegment parameters = segments.of(Inputs.uniform(n, 1, 1));
            MemorySegment expAvg = segments.of(new float[n]);
            MemorySegment expAvgSq = segments.of(new float[n]);
            @Nullable MemorySegment maxExpAvgSq =
                (flags & OptimizerFlags.AMSGRAD) == 0 ? null : segments.of(new float[n]);
            for (int step = 0; step < steps; step++) {
              kernels.adam(
                  parameters,
                  segments.of(Inputs.uniform(n, 1, 2 + step)),
                  expAvg,
                  expAvgSq,
                  maxExpAvgSq,
                  AdamCoefficients.of(group, step, 1, 0.5f));
            }
            segments.checkCanaries();
            return results(
                Tolerance.parameters(steps, lr),
                floats(parameters),
                Arrays.asList(
                    floats(expAvg),
                    floats(expAvgSq),
                    maxExpAvgSq == null ? null : floats(maxExpAvgSq)));
          }
        });
  }

  private static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static ArrayCase sgd(int n, SgdGroup group) {
    int steps = 3;
    return new ArrayCase(
        "sgd " + n + " " + group,
        kernels -> {
          float[] parameters = Inputs.uniform(n, 1, 1);
          float @Nullable [] buffer =
              (group.flags() & OptimizerFlags.MOMENTUM) == 0 ? null : new float[n];
          for (int step = 0; step < steps; step++) {
            kernels.sgd(
                parameters,
                Inputs.uniform(n, 1, 2 + step),
                buffer,
                SgdCoefficients.of(group, step > 0, 1, 0.5f));
          }
          return results(
              Tolerance.parameters(steps, group.lr()), parameters, Arrays.asList(buffer, null));
        });
  }

  private static List<Result> results(
      Tolerance tolerance, float[] parameters, List<float @Nullable []> state) {
    var results = new ArrayList<Result>();
    results.add(new Result("parameters", HostArray.of(parameters), tolerance));
    for (float @Nullable [] array : state) {
      if (array != null) {
        results.add(new Result("state", HostArray.of(array), Tolerance.MOMENT));
      }
    }
    return results;
  }
}
