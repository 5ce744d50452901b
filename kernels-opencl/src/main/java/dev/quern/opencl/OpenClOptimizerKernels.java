package dev.quern.opencl;

import dev.quern.opencl.host.Kernel;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Launches {@code optimizer.cl}. Scratch memory: a pair of f64 per chunk. */
final class OpenClOptimizerKernels implements OptimizerKernels {
  private final FamilyProgram program;

  OpenClOptimizerKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public long scratchBytes(OptimizerArena arena) {
    return Math.max(1, chunks(arena) * 2 * Double.BYTES);
  }

  /** A buffer of OpenCL 1.2 cannot hold the address of another. */
  @Override
  public @Nullable MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
    return null;
  }

  @Override
  public void gradientNorm(
      OptimizerArena arena, @Nullable LossScale lossScale, Span rule, Span control, Span scratch) {
    program.launch(
        program
            .kernel("gradient_norm_partials")
            .tensor(arena.gradients())
            .tensor(arena.segments())
            .scratch(scratch, 0, Double.BYTES)
            .scalar(arena.segmentCount())
            .scalar(arena.tileCount()),
        chunks(arena));
    program.launch(
        program
            .kernel("gradient_norm_total")
            .scratch(scratch, 0, Double.BYTES)
            .tensorOrNull(lossScale == null ? null : lossScale.scale())
            .tensorOrNull(lossScale == null ? null : lossScale.finiteSteps())
            .tensor(rule)
            .tensor(control)
            .scalar(chunks(arena)),
        1);
  }

  @Override
  public void adam(OptimizerArena arena, AdamState state, Span control) {
    Kernel kernel =
        program
            .kernel("adam")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensor(state.expAvg())
            .tensor(state.expAvgSq())
            .tensorOrNull(state.maxExpAvgSq());
    step(kernel, arena, control);
    advance(program.kernel("advance_steps").tensor(arena.segments()), arena, control);
  }

  @Override
  public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    Kernel kernel =
        program
            .kernel("sgd")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensorOrNull(momentumBuffer);
    step(kernel, arena, control);
    advance(
        program.kernel("advance_sgd_steps").tensor(arena.segments()).tensor(arena.groups()),
        arena,
        control);
  }

  private void step(Kernel kernel, OptimizerArena arena, Span control) {
    program.launch(
        kernel
            .tensorOrNull(arena.ema())
            .tensor(arena.segments())
            .tensor(arena.groups())
            .tensor(control)
            .scalar(arena.segmentCount())
            .scalar(arena.tileCount()),
        chunks(arena));
  }

  /** After the update, the steps: also those of segments without elements are counted. */
  private void advance(Kernel kernel, OptimizerArena arena, Span control) {
    int groupSize = program.geometry().groupSize();
    program.launch(
        kernel.tensor(control).scalar(arena.segmentCount()),
        (arena.segmentCount() + groupSize - 1) / groupSize);
  }

  private long chunks(OptimizerArena arena) {
    return arena.tileCount() * (OptimizerArena.TILE / program.geometry().chunk());
  }
}
