package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Buffer;
import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.OutsideTensors;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Launches {@code optimizer.cu}. Scratch memory: a pair of f64 per tile. */
final class CudaOptimizerKernels implements OptimizerKernels {
  /** The entries of {@code optimizer.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "gradient_norm_partials",
              pointer("gradients"),
              pointer("segments"),
              pointer("pointers"),
              pointer("partials"),
              int32("segment_count"),
              int64("tile_count")),
          Signature.of(
              "gradient_norm_total",
              pointer("partials"),
              pointer("loss_scale"),
              pointer("finite_steps"),
              pointer("rule"),
              pointer("control"),
              int64("count")),
          Signature.of(
              "adam",
              pointer("parameters"),
              pointer("gradients"),
              pointer("exp_avg"),
              pointer("exp_avg_sq"),
              pointer("max_exp_avg_sq"),
              pointer("ema"),
              pointer("segments"),
              pointer("pointers"),
              pointer("groups"),
              pointer("control"),
              pointer("ticket"),
              int32("segment_count"),
              int64("tile_count")),
          Signature.of(
              "sgd",
              pointer("parameters"),
              pointer("gradients"),
              pointer("momentum_buffer"),
              pointer("ema"),
              pointer("segments"),
              pointer("pointers"),
              pointer("groups"),
              pointer("control"),
              pointer("ticket"),
              int32("segment_count"),
              int64("tile_count")));

  private final FamilyModule module;

  CudaOptimizerKernels(FamilyModule module) {
    this.module = module;
  }

  @Override
  public long scratchBytes(OptimizerArena arena) {
    return Math.max(1, arena.tileCount() * 2 * Double.BYTES);
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

  private static @Nullable Span pointers(OptimizerArena arena) {
    OutsideTensors outside = arena.outside();
    return outside == null ? null : outside.pointers();
  }

  @Override
  public void gradientNorm(
      OptimizerArena arena, @Nullable LossScale lossScale, Span rule, Span control, Span scratch) {
    module.launch(
        module
            .kernel("gradient_norm_partials")
            .tensor(arena.gradients())
            .tensor(arena.segments())
            .tensorOrNull(pointers(arena))
            .scratch(scratch, 0)
            .scalar(arena.segmentCount())
            .scalar(arena.tileCount()),
        arena.tileCount());
    module.launch(
        module
            .kernel("gradient_norm_total")
            .scratch(scratch, 0)
            .tensorOrNull(lossScale == null ? null : lossScale.scale())
            .tensorOrNull(lossScale == null ? null : lossScale.finiteSteps())
            .tensor(rule)
            .tensor(control)
            .scalar(arena.tileCount()),
        1);
  }

  @Override
  public void adam(OptimizerArena arena, AdamState state, Span control) {
    Kernel kernel =
        module
            .kernel("adam")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensor(state.expAvg())
            .tensor(state.expAvgSq())
            .tensorOrNull(state.maxExpAvgSq());
    step(kernel, arena, control);
  }

  @Override
  public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    Kernel kernel =
        module
            .kernel("sgd")
            .tensor(arena.parameters())
            .tensor(arena.gradients())
            .tensorOrNull(momentumBuffer);
    step(kernel, arena, control);
  }

  private void step(Kernel kernel, OptimizerArena arena, Span control) {
    // one block at least where there is a segment: also the steps of empty ones are counted
    long blocks = arena.segmentCount() == 0 ? 0 : Math.max(1, arena.tileCount());
    module.launch(
        kernel
            .tensorOrNull(arena.ema())
            .tensor(arena.segments())
            .tensorOrNull(pointers(arena))
            .tensor(arena.groups())
            .tensor(control)
            .tensor(arena.ticket())
            .scalar(arena.segmentCount())
            .scalar(arena.tileCount()),
        blocks);
  }
}
