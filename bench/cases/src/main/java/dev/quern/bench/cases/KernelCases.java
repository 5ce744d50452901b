package dev.quern.bench.cases;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.SegmentationKernels;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.NormalizationKernels;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.tensor.CalibrationKernels;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.RandomKernels;
import dev.quern.spi.tensor.ReductionKernels;
import java.util.List;
import java.util.function.Supplier;

/** The one list of kernel cases. */
public final class KernelCases {

  /** A line per family: it then shows up in selftest, tests, {@code quern bench} and its report. */
  private static final List<Family> FAMILIES =
      List.of(
          new Family(PointwiseKernels.class, PointwiseCases::all, PointwiseCases::benchmarks),
          new Family(ReductionKernels.class, ReductionCases::all, ReductionCases::benchmarks),
          new Family(MatrixKernels.class, MatrixCases::all, MatrixCases::benchmarks),
          new Family(ConvolutionKernels.class, ConvolutionCases::all, ConvolutionCases::benchmarks),
          new Family(
              NormalizationKernels.class, NormalizationCases::all, NormalizationCases::benchmarks),
          new Family(PoolingKernels.class, PoolingCases::all, PoolingCases::benchmarks),
          new Family(ResamplingKernels.class, ResamplingCases::all, ResamplingCases::benchmarks),
          new Family(LayoutKernels.class, LayoutCases::all, LayoutCases::benchmarks),
          new Family(RandomKernels.class, RandomCases::all, RandomCases::benchmarks),
          new Family(
              SegmentationKernels.class, SegmentationCases::all, SegmentationCases::benchmarks),
          new Family(LovaszKernels.class, LovaszCases::all, LovaszCases::benchmarks),
          new Family(ConfusionKernels.class, ConfusionCases::all, ConfusionCases::benchmarks),
          new Family(OptimizerKernels.class, OptimizerCases::all, OptimizerCases::benchmarks),
          new Family(
              CalibrationKernels.class, CalibrationCases::all, CalibrationCases::benchmarks));

  private record Family(
      Class<? extends KernelFamily> family,
      Supplier<List<KernelCase>> cases,
      Supplier<List<Benchmark>> benchmarks) {}

  private KernelCases() {}

  /**
   * {@return the cases of a family that are checked for parity}
   *
   * @param family the kernel family
   */
  public static List<KernelCase> of(Class<? extends KernelFamily> family) {
    return FAMILIES.stream()
        .filter(line -> line.family == family)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("There are no cases of " + Kernels.name(family) + "."))
        .cases
        .get();
  }

  /** {@return what is timed, of every family} */
  public static List<Benchmark> benchmarks() {
    return FAMILIES.stream().flatMap(line -> line.benchmarks.get().stream()).toList();
  }

  /**
   * {@return the cases of all benchmarks in one size}
   *
   * @param elements elements of an operand, pixels of a loss or count
   * @param side extents of a matrix product
   */
  public static List<KernelCase> timed(int elements, int side) {
    return benchmarks().stream()
        .map(b -> b.at().apply(b.family() == MatrixKernels.class ? side * side : elements))
        .toList();
  }
}
