package dev.quern.bench.kernels;

import dev.quern.spi.KernelFamily;
import java.util.List;
import java.util.stream.Stream;

/** The one list of kernel cases. */
public final class KernelCases {

  private KernelCases() {}

  /**
   * {@return the cases of a family that are checked for parity}
   *
   * @param family the kernel family
   */
  public static List<KernelCase> of(KernelFamily family) {
    return switch (family) {
      case POINTWISE -> PointwiseCases.all();
      case REDUCTION -> ReductionCases.all();
      case MATRIX -> MatrixCases.all();
      case RANDOM -> RandomCases.all();
      case SEGMENTATION -> SegmentationCases.all();
      case LOVASZ -> LovaszCases.all();
      case CONFUSION -> ConfusionCases.all();
      case OPTIMIZER -> OptimizerCases.all();
      case CALIBRATION -> CalibrationCases.all();
    };
  }

  /**
   * {@return what is timed, of every family: a new family adds its line here and shows up in {@code
   * quern bench} and its report}
   */
  public static List<Benchmark> benchmarks() {
    return Stream.of(
            PointwiseCases.benchmarks(),
            ReductionCases.benchmarks(),
            MatrixCases.benchmarks(),
            RandomCases.benchmarks(),
            SegmentationCases.benchmarks(),
            LovaszCases.benchmarks(),
            ConfusionCases.benchmarks(),
            OptimizerCases.benchmarks(),
            CalibrationCases.benchmarks())
        .flatMap(List::stream)
        .toList();
  }

  /**
   * {@return the cases of all benchmarks in one size}
   *
   * @param elements elements of an operand, pixels of a loss or count
   * @param side extents of a matrix product
   */
  public static List<KernelCase> timed(int elements, int side) {
    return benchmarks().stream()
        .map(b -> b.at().apply(b.family() == KernelFamily.MATRIX ? side * side : elements))
        .toList();
  }
}
