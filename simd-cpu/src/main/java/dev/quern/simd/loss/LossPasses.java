package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.LossOptions;
import java.util.List;

/**
 * The passes of a fused loss, chosen once by its specification; those that it does not need are
 * empty. Their text names the loops that run.
 *
 * @param value the value only
 * @param first pass 1 of two; may keep probabilities where the gradient will be
 * @param second pass 2 of two
 * @param both value and gradient at once, where the divisors are known beforehand
 * @param losses losses without reduction
 */
record LossPasses(Pass value, Pass first, Pass second, Pass both, Pass losses) {
  private static final Pass NONE = new Pass(List.of());

  /** Returns the passes over any block. */
  static LossPasses of(LossOptions options) {
    if (options.elements) {
      return of(new ElementPasses(options));
    }
    return of(options.isOfLabels() ? new LabelPasses(options) : new PixelPasses(options));
  }

  /** Returns the passes over blocks of native memory that need no padding. */
  static LossPasses inNativeMemory(LossOptions options) {
    return options.elements && !options.probabilities ? of(new NativePasses(options)) : of(options);
  }

  private static LossPasses of(LayoutPasses passes) {
    LossOptions options = passes.options;
    boolean onePass = options.spec.isOnePass();
    boolean keeps = options.keepsProbabilities();
    return new LossPasses(
        passes.of(Purpose.SUMS),
        onePass ? NONE : passes.of(keeps ? Purpose.SUMS_KEEPING_SIDE : Purpose.SUMS),
        onePass ? NONE : passes.of(keeps ? Purpose.GRADIENT_FROM_SIDE : Purpose.GRADIENT),
        onePass ? passes.of(Purpose.SUMS_AND_GRADIENT) : NONE,
        options.spec.hasLosses() ? passes.ofLosses() : NONE);
  }

  @Override
  public String toString() {
    return text("value", value)
        + text("pass 1", first)
        + text("pass 2", second)
        + text("value and gradient", both)
        + text("losses", losses);
  }

  private static String text(String name, Pass pass) {
    return pass.parts().isEmpty() ? "" : name + "\n" + pass.toString().indent(2);
  }
}
