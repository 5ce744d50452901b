package dev.quern.gpu;

import dev.quern.DType;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.StridedView;
import java.util.List;

/** Launches {@code layout}. */
final class GpuLayoutKernels implements LayoutKernels {
  private final GpuFamily family;

  GpuLayoutKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public void copyStrided(StridedView view, Span x, Span out) {
    throw new UnsupportedOperationException("copyStrided");
  }

  @Override
  public void concat(long rows, List<Span> x, Span out) {
    throw new UnsupportedOperationException("concat");
  }

  @Override
  public void transpose(Span x, long count, long rows, long columns, Span out) {
    family
        .kernel(entry(x.dtype()))
        .tensor(x)
        .tensor(out)
        .scalar(x.length())
        .scalar(rows)
        .scalar(columns)
        .enqueue(family.geometry().tiles(x.length()));
  }

  private static String entry(DType dtype) {
    return switch (dtype.bytes()) {
      case 1 -> "transpose_8";
      case 2 -> "transpose_16";
      case 4 -> "transpose_32";
      default -> "transpose_64";
    };
  }
}
