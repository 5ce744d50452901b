package dev.quern.cuda;

import dev.quern.cuda.host.Buffer;
import dev.quern.gpu.GpuOptimizerKernels;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OutsideTensors;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Launches {@code optimizer.cu}: tensors may lie outside the arena, and the last block of an update
 * to finish counts the steps.
 */
final class CudaOptimizerKernels extends GpuOptimizerKernels {
  CudaOptimizerKernels(GpuFamily family) {
    super(family);
  }

  @Override
  public MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
    long[] addresses = new long[2 * parameters.size()];
    for (int s = 0; s < parameters.size(); s++) {
      addresses[2 * s] = address(parameters.get(s));
      addresses[2 * s + 1] = address(gradients.get(s));
    }
    return MemorySegment.ofArray(addresses);
  }

  private static long address(Span span) {
    return ((Buffer) span.buffer()).address() + span.byteOffset();
  }

  @Override
  protected Launch segments(Launch kernel, OptimizerArena arena) {
    OutsideTensors outside = arena.outside();
    return kernel
        .tensor(arena.segments())
        .tensorOrNull(outside == null ? null : outside.pointers());
  }

  @Override
  protected void step(Launch update, OptimizerArena arena, Span control, boolean sgd) {
    // one block at least where there is a segment: also the steps of empty ones are counted
    long blocks = arena.segmentCount() == 0 ? 0 : Math.max(1, chunks(arena));
    update
        .tensor(arena.ticket())
        .scalar(arena.segmentCount())
        .scalar(arena.tileCount())
        .enqueue(blocks);
  }
}
