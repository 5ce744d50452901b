package dev.quern.simd.convolution;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.simd.calibration.SimdCalibrationKernels;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostMemory;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each tile does at least a quarter of the multiply-adds that registers alone do in the time, on
 * one thread: idle machines do three quarters and more, and a tile that the compiler gave up on a
 * tenth.
 */
@Tag("speed")
class ConvolutionSpeedTest {
  private static final int CHAINS = 4096;
  private static final int CHAIN = 1024;

  private final WorkerPool alone = new WorkerPool(1, false);
  private final Arena arena = Arena.ofAuto();

  private Span span(DType dtype, long n) {
    return Span.of(
        Objects.requireNonNull(new HostMemory().wrap(arena.allocate(n * dtype.bytes(), 64))),
        dtype,
        n);
  }

  /** One for each width of panels, of three taps that share pixels and of five that do not. */
  @ParameterizedTest
  @CsvSource({"3, 16", "3, 32", "3, 48", "3, 64", "5, 16", "5, 32", "5, 48", "5, 64"})
  void keepsTheMultipliersBusy(int kernel, int channels) {
    Window window = new Window(kernel, 1, kernel / 2, 1);
    ConvolutionSpec spec = new ConvolutionSpec(window, window, 1, channels, channels, false);
    SpatialExtent extent = new SpatialExtent(1, 32, 32, channels);
    ConvolutionPlan plan = new SimdConvolutionKernels(alone).prepare(spec);
    Span x = span(DType.F32, extent.elements());
    Span y = span(DType.F32, extent.elements());
    Span weight = span(DType.F32, spec.weights());
    Span scratch = span(DType.U8, plan.scratchBytes(extent));
    double products = (double) extent.elements() * spec.inputs() * kernel * kernel;
    check("forward", products, () -> plan.forward(extent, x, weight, null, y, scratch));
    check("input gradient", products, () -> plan.inputGradient(extent, y, weight, x, scratch));
    check("weight gradient", products, () -> plan.weightGradient(extent, x, y, weight, scratch));
  }

  private void check(String what, double products, Runnable call) {
    SimdCalibrationKernels calibration = new SimdCalibrationKernels(alone);
    Span data = span(DType.F32, CHAINS);
    Runnable chains = () -> calibration.fmaChains(data, CHAIN);
    double most = 0;
    double done = 0;
    long end = System.nanoTime() + 15_000_000_000L;
    for (int i = 0; i < 20 || (4 * done < most && System.nanoTime() < end); i++) {
      most = Math.max(most, (double) CHAINS * CHAIN / nanos(chains));
      done = Math.max(done, products / nanos(call));
    }
    assertTrue(4 * done >= most, what + ": " + done + " multiply-adds a ns, of " + most);
  }

  private static long nanos(Runnable call) {
    long start = System.nanoTime();
    call.run();
    return System.nanoTime() - start;
  }
}
