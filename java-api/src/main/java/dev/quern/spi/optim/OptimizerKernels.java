package dev.quern.spi.optim;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Optimizer steps over a flat arena: one launch whatever the number of tensors. */
public interface OptimizerKernels extends KernelFamily {
  /**
   * Returns how much scratch memory {@link #gradientNorm} needs.
   *
   * @param arena the arena
   * @return bytes, at least 1
   */
  long scratchBytes(OptimizerArena arena);

  /**
   * Makes the table by which steps reach tensors that are not in their arena.
   *
   * @param parameters one per segment
   * @param gradients one per segment
   * @return {@link OutsideTensors#POINTER_BYTES} bytes per segment, to be uploaded; null if steps
   *     cannot reach such tensors: they are then to be copied into an arena and back
   */
  @Nullable MemorySegment pointerTable(List<Span> parameters, List<Span> gradients);

  /**
   * Reduces the gradients of all active segments: control = {norm, clip = min(1, maxNorm / (norm +
   * 1e-6)), 1 if every element is finite else 0, factor, unit} with factor x unit = clip /
   * lossScale; the norm is that of the gradients divided by the loss scale. Squares are taken and
   * summed in f64, in an order fixed by the arena's layout (or as if: a tile whose f32 sum
   * overflowed or vanished is summed again), and norm, clip and factor are f64 until they are
   * written, so that of finite gradients nothing overflows or vanishes; finiteness is tested
   * element by element. Last, the loss scale moves as the rule says, if it does so by itself: for
   * the gradients that are still to come.
   *
   * @param arena the arena
   * @param lossScale what the gradients were multiplied by; null for 1
   * @param rule U8, one record of {@link GradientRule#LAYOUT}
   * @param control F32, {@value GradientControl#LENGTH} elements, written
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void gradientNorm(
      OptimizerArena arena,
      @Written(afterReading = true) @Nullable LossScale lossScale,
      Span rule,
      @Written Span control,
      Span scratch);

  /**
   * Takes one Adam step for every active segment, as {@code formulas/adam.inc} says, moves the
   * average of all segments' parameters, and advances the step number of the active segments; the
   * steps of this call see the numbers before. Gradients are multiplied by {@code control[4]} and
   * {@code control[3]} first; if {@code control[2]} is 0 nothing changes at all.
   *
   * @param arena the arena, its groups of {@link AdamGroup#LAYOUT}
   * @param state the moments
   * @param control F32, as {@link #gradientNorm} leaves it, or {0, 1, 1, 1, 1}
   */
  void adam(
      @Written(afterReading = true) OptimizerArena arena,
      @Written(afterReading = true) AdamState state,
      Span control);

  /**
   * Takes one step of stochastic gradient descent, as {@code formulas/sgd.inc} says; otherwise like
   * {@link #adam}. Active segments of a group with momentum then have a buffer that holds
   * something.
   *
   * @param arena the arena, its groups of {@link SgdGroup#LAYOUT}
   * @param momentumBuffer F32, as long as the arena; null if no group has momentum
   * @param control F32, as {@link #gradientNorm} leaves it, or {0, 1, 1, 1, 1}
   */
  void sgd(
      @Written(afterReading = true) OptimizerArena arena,
      @Written(afterReading = true) @Nullable Span momentumBuffer,
      Span control);
}
