package dev.quern.opencl;

import dev.quern.spi.AdamArena;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.Span;

/** Launches {@code optimizer.cl}. Scratch memory: a pair of f64 per chunk. */
final class OpenClOptimizerKernels implements OptimizerKernels {
  private final FamilyProgram program;

  OpenClOptimizerKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public long scratchBytes(AdamArena arena) {
    return Math.max(1, chunks(arena) * 2 * Double.BYTES);
  }

  @Override
  public void gradientNorm(AdamArena arena, float maxNorm, Span control, Span scratch) {
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
            .tensor(control)
            .scalar(chunks(arena))
            .scalar(maxNorm),
        1);
  }

  @Override
  public void adam(AdamArena arena, Span control) {
    // one group at least where there is a segment: also the steps of empty ones are counted
    long groups = arena.segmentCount() == 0 ? 0 : Math.max(1, chunks(arena));
    program.launch(
        program
            .kernel("adam")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensor(arena.expAvg())
            .tensor(arena.expAvgSq())
            .tensorOrNull(arena.maxExpAvgSq())
            .tensor(arena.segments())
            .tensor(arena.groups())
            .tensor(control)
            .tensor(arena.ticket())
            .scalar(arena.segmentCount())
            .scalar(arena.tileCount()),
        groups);
  }

  private long chunks(AdamArena arena) {
    return arena.tileCount() * (AdamArena.TILE / program.geometry().chunk());
  }
}
