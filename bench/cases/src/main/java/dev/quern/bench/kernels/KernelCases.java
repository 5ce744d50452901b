package dev.quern.bench.kernels;

import dev.quern.spi.KernelFamily;
import java.util.ArrayList;
import java.util.List;

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
      case LOVASZ -> List.of();
      case CONFUSION -> ConfusionCases.all();
      case OPTIMIZER -> OptimizerCases.all();
    };
  }

  /**
   * {@return the cases that are timed: one or more per family, larger than the caches of most
   * machines}
   */
  public static List<KernelCase> timed() {
    return timed(1 << 25, 8 * 1024 * 1024, 512);
  }

  /**
   * {@return the timed cases in sizes of one's own}
   *
   * @param elements elements of an operand
   * @param pixels pixels of a loss or count
   * @param side extents of a matrix product
   */
  public static List<KernelCase> timed(int elements, int pixels, int side) {
    var cases = new ArrayList<KernelCase>();
    cases.addAll(PointwiseCases.timed(elements));
    cases.add(ReductionCases.timed(elements));
    cases.add(MatrixCases.timed(side));
    cases.add(RandomCases.timed(elements));
    cases.addAll(SegmentationCases.timed(pixels));
    cases.add(ConfusionCases.timed(pixels));
    cases.addAll(OptimizerCases.timed(elements));
    return cases;
  }
}
