package dev.quern.spi;

/** Optimizer steps over a flat arena: one launch whatever the number of tensors. */
public interface OptimizerKernels {
  /** The elements of control: {norm, clip coefficient, finite (1 or 0), unused}. */
  int CONTROL_LENGTH = 4;

  /**
   * Returns how much scratch memory {@link #gradientNorm} needs.
   *
   * @param arena the arena
   * @return bytes, at least 1
   */
  long scratchBytes(AdamArena arena);

  /**
   * Reduces the gradients of all active segments: control = {norm, min(1, maxNorm / (norm + 1e-6)),
   * 1 if every element is finite else 0, 0}. Squares are taken and summed in f64, in an order fixed
   * by the arena's layout (or as if: a tile whose f32 sum overflowed or vanished is summed again),
   * so those of finite gradients neither overflow nor vanish; finiteness is tested element by
   * element.
   *
   * @param arena the arena
   * @param maxNorm the norm above which gradients are scaled down; infinity for no clipping, which
   *     gives coefficient 1
   * @param control F32, {@value #CONTROL_LENGTH} elements, written
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void gradientNorm(AdamArena arena, float maxNorm, Span control, Span scratch);

  /**
   * Takes one Adam step for every active segment, as {@code formulas/adam.inc} says, and advances
   * the step number of those segments; the steps of this call see the numbers before. Gradients are
   * multiplied by {@code control[1]} first; if {@code control[2]} is 0 nothing changes at all.
   *
   * @param arena the arena
   * @param control F32, as {@link #gradientNorm} leaves it, or {0, 1, 1, 0}
   */
  void adam(AdamArena arena, Span control);
}
