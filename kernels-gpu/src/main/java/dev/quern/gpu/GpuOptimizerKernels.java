package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code optimizer}. Scratch memory: a pair of f64 per chunk. How the tensors of a segment
 * are found, and how the step numbers advance behind the update that reads them, is the platform's.
 */
public abstract class GpuOptimizerKernels implements OptimizerKernels {
  /** The kernels. */
  protected final GpuFamily family;

  /**
   * Launches nothing yet.
   *
   * @param family the kernels
   */
  protected GpuOptimizerKernels(GpuFamily family) {
    this.family = family;
  }

  /**
   * Sets the arguments by which a kernel finds the tensors of its segments.
   *
   * @param kernel the kernel
   * @param arena the segments
   * @return the kernel
   */
  protected abstract Launch segments(Launch kernel, OptimizerArena arena);

  /**
   * Sets the last arguments of an update, enqueues it, and counts the step of the active segments,
   * also of those without elements.
   *
   * @param update has all arguments before the arena's numbers
   * @param arena the segments
   * @param control what the reduction before it left
   * @param sgd whether momentum buffers hold something from now on
   */
  protected abstract void step(Launch update, OptimizerArena arena, Span control, boolean sgd);

  @Override
  public final long scratchBytes(OptimizerArena arena) {
    return Math.max(1, chunks(arena) * 2 * Double.BYTES);
  }

  @Override
  public final void gradientNorm(
      OptimizerArena arena, @Nullable LossScale lossScale, Span rule, Span control, Span scratch) {
    segments(family.kernel("gradient_norm_partials").tensor(arena.gradients()), arena)
        .scratch(scratch, 0, Double.BYTES)
        .scalar(arena.segmentCount())
        .scalar(arena.tileCount())
        .enqueue(chunks(arena));
    family
        .kernel("gradient_norm_total")
        .scratch(scratch, 0, Double.BYTES)
        .tensorOrNull(lossScale == null ? null : lossScale.scale())
        .tensorOrNull(lossScale == null ? null : lossScale.finiteSteps())
        .tensor(rule)
        .tensor(control)
        .scalar(chunks(arena))
        .enqueue(1);
  }

  @Override
  public final void adam(OptimizerArena arena, AdamState state, Span control) {
    Launch update =
        family
            .kernel("adam")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensor(state.expAvg())
            .tensor(state.expAvgSq())
            .tensorOrNull(state.maxExpAvgSq());
    step(arenaOf(update, arena, control), arena, control, false);
  }

  @Override
  public final void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    Launch update =
        family
            .kernel("sgd")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensorOrNull(momentumBuffer);
    step(arenaOf(update, arena, control), arena, control, true);
  }

  private Launch arenaOf(Launch update, OptimizerArena arena, Span control) {
    return segments(update.tensorOrNull(arena.ema()), arena).tensor(arena.groups()).tensor(control);
  }

  /**
   * Counts the chunks of an arena's tiles.
   *
   * @param arena the segments
   * @return as many as the groups of a kernel over all elements
   */
  protected final long chunks(OptimizerArena arena) {
    return arena.tileCount() * (OptimizerArena.TILE / family.geometry().chunk());
  }
}
