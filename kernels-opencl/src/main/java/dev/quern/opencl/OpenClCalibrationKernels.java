package dev.quern.opencl;

import dev.quern.spi.Span;
import dev.quern.spi.tensor.CalibrationKernels;

/** Launches {@code calibration.cl}. */
final class OpenClCalibrationKernels implements CalibrationKernels {
  private final FamilyProgram program;

  OpenClCalibrationKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public void fmaChains(Span data, int length) {
    long n = data.length();
    program.launch(
        program.kernel("fma_chains").tensor(data).scalar(n).scalar(length),
        program.geometry().tiles(n));
  }
}
