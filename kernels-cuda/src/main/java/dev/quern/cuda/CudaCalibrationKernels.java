package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.CalibrationKernels;
import java.util.List;

/** Launches {@code calibration.cu}. */
final class CudaCalibrationKernels implements CalibrationKernels {
  /** The entries of {@code calibration.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(Signature.of("fma_chains", pointer("data"), int64("n"), int32("length")));

  private final FamilyModule module;

  CudaCalibrationKernels(FamilyModule module) {
    this.module = module;
  }

  @Override
  public void fmaChains(Span data, int length) {
    long n = data.length();
    module.launch(
        module.kernel("fma_chains").tensor(data).scalar(n).scalar(length), LaunchGeometry.tiles(n));
  }
}
