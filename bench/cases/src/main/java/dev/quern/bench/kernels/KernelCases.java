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
      case CONFUSION -> ConfusionCases.all();
      case OPTIMIZER -> OptimizerCases.all();
    };
  }

  /**
   * {@return the cases that are timed: one or more per family, larger than the caches of most
   * machines}
   */
  public static List<KernelCase> timed() {
    var cases = new ArrayList<KernelCase>();
    cases.addAll(PointwiseCases.timed(1 << 25));
    cases.add(ReductionCases.timed(1 << 25));
    cases.add(MatrixCases.timed(512));
    cases.add(RandomCases.timed(1 << 25));
    cases.addAll(SegmentationCases.timed(8 * 1024 * 1024));
    cases.add(ConfusionCases.timed(8 * 1024 * 1024));
    cases.add(OptimizerCases.timed(1 << 25));
    return cases;
  }
}
