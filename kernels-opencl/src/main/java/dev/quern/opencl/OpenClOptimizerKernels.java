package dev.quern.opencl;

import dev.quern.gpu.GpuOptimizerKernels;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code optimizer.cl}: all tensors lie in the arena, and a kernel of its own counts
 * steps.
 */
final class OpenClOptimizerKernels extends GpuOptimizerKernels {
  OpenClOptimizerKernels(GpuFamily family) {
    super(family);
  }

  /** A buffer of OpenCL 1.2 cannot hold the address of another. */
  @Override
  public @Nullable MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
    return null;
  }

  @Override
  protected Launch segments(Launch kernel, OptimizerArena arena) {
    return kernel.tensor(arena.segments());
  }

  @Override
  protected void step(Launch update, OptimizerArena arena, Span control, boolean sgd) {
    update.scalar(arena.segmentCount()).scalar(arena.tileCount()).enqueue(chunks(arena));
    Launch advance =
        sgd
            ? family.kernel("advance_sgd_steps").tensor(arena.segments()).tensor(arena.groups())
            : family.kernel("advance_steps").tensor(arena.segments());
    advance
        .tensor(control)
        .scalar(arena.segmentCount())
        .enqueue(family.geometry().groups(arena.segmentCount()));
  }
}
