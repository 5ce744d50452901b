package dev.quern.gpu;

import dev.quern.DType;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
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
    int axes = view.extents().size();
    Launch kernel =
        family
            .kernel("copy_strided" + suffix(x.dtype()))
            .tensor(x)
            .tensor(out)
            .scalar(out.length())
            .scalar(view.offset())
            .scalar(axes);
    // how many elements the first axis has follows from all
    for (int axis = 1; axis < StridedView.MOST_AXES; axis++) {
      kernel.scalar(axis < axes ? view.extents().get(axis) : 1L);
    }
    for (int axis = 0; axis < StridedView.MOST_AXES; axis++) {
      kernel.scalar(axis < axes ? view.strides().get(axis) : 0L);
    }
    kernel.enqueue(family.geometry().tiles(out.length()));
  }

  @Override
  public void concat(long rows, List<Span> x, Span out) {
    long columns = rows == 0 ? 0 : out.length() / rows;
    long first = 0;
    for (Span part : x) {
      long width = rows == 0 ? 0 : part.length() / rows;
      family
          .kernel("concat" + suffix(part.dtype()))
          .tensor(part)
          .tensor(out)
          .scalar(part.length())
          .scalar(width)
          .scalar(columns)
          .scalar(first)
          .enqueue(family.geometry().tiles(part.length()));
      first += width;
    }
  }

  @Override
  public void transpose(Span x, long count, long rows, long columns, Span out) {
    family
        .kernel("transpose" + suffix(x.dtype()))
        .tensor(x)
        .tensor(out)
        .scalar(x.length())
        .scalar(rows)
        .scalar(columns)
        .enqueue(family.geometry().tiles(x.length()));
  }

  /** Elements are moved whatever they are; only their size counts. */
  private static String suffix(DType dtype) {
    return "_" + 8 * dtype.bytes();
  }
}
