package dev.quern.optim;

import dev.quern.ParameterStore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects what an optimizer needs.
 *
 * @param <O> the hyper-parameters of a group
 * @param <B> the builder's own type
 */
public abstract sealed class OptimizerBuilder<
        O extends OptimizerOptions<O>, B extends OptimizerBuilder<O, B>>
    permits Adam.Builder, Sgd.Builder {
  final ParameterStore store;
  List<ParameterGroup<O>> groups;
  double maxNorm = Double.POSITIVE_INFINITY;
  double clipValue = Double.POSITIVE_INFINITY;
  double emaDecay = 1;
  double lossScale;
  @Nullable DynamicLossScale dynamicLossScale;
  boolean skipNonFinite;

  OptimizerBuilder(ParameterStore store, O defaults) {
    this.store = store;
    this.groups = List.of(new ParameterGroup<>(store.names(), defaults));
  }

  abstract B self();

  final int groupCount() {
    return groups.size();
  }

  /**
   * Puts all parameters into one group.
   *
   * @param options its hyper-parameters
   * @return this
   */
  public final B options(O options) {
    groups = List.of(new ParameterGroup<>(store.names(), options));
    return self();
  }

  /**
   * Sets the groups.
   *
   * @param parameterGroups every parameter of the store in exactly one of them
   * @return this
   */
  public final B groups(List<ParameterGroup<O>> parameterGroups) {
    groups = List.copyOf(parameterGroups);
    return self();
  }

  /**
   * Scales all gradients down when their common norm exceeds a bound: by min(1, maxNorm / (norm +
   * 1e-6)), as PyTorch's {@code clip_grad_norm_}; norm and factor are f64, so that gradients whose
   * norm F32 cannot hold are clipped as any others. Off by default.
   *
   * @param bound the largest norm, finite and at least 2^-126
   * @return this
   * @throws IllegalArgumentException if out of range
   */
  public final B clipNorm(double bound) {
    Ranges.boundOfFloats("clipNorm", bound);
    maxNorm = bound;
    return self();
  }

  /**
   * Clips every element of the gradients to [-bound, bound], as PyTorch's {@code clip_grad_value_};
   * after clipping by norm if there is both. Off by default.
   *
   * @param bound the largest magnitude, finite and at least 2^-126
   * @return this
   * @throws IllegalArgumentException if out of range
   */
  public final B clipValue(double bound) {
    Ranges.boundOfFloats("clipValue", bound);
    clipValue = bound;
    return self();
  }

  /**
   * Divides the gradients by a loss scale, for losses whose upstream gradient is {@link
   * Optimizer#lossScale()}; steps with a gradient that is not finite are skipped. Off by default.
   *
   * @param scale the first scale, at least 1 and at most 2^126
   * @return this
   * @throws IllegalArgumentException if out of range
   */
  public final B lossScale(double scale) {
    Ranges.lossScale(scale);
    lossScale = scale;
    dynamicLossScale = null;
    return self();
  }

  /**
   * Divides the gradients by a loss scale that follows them: it falls when one of a step is not
   * finite, which skips the step, and rises after many finite ones. See {@link DynamicLossScale}.
   *
   * @param scale where it starts and how it moves
   * @return this
   */
  public final B lossScale(DynamicLossScale scale) {
    lossScale = scale.initial();
    dynamicLossScale = scale;
    return self();
  }

  /**
   * Leaves everything as it is when a gradient is not finite. Off by default, as in PyTorch.
   *
   * @param skip whether such steps are skipped
   * @return this
   */
  public final B skipNonFinite(boolean skip) {
    skipNonFinite = skip;
    return self();
  }

  /**
   * Keeps an exponential moving average of the parameters, which starts at their present values:
   * after each step average = decay * average + (1 - decay) * parameter, for all parameters, also
   * those without a gradient. Costs 8 bytes of memory traffic per parameter. Off by default.
   *
   * @param decay 0 or from 2^-24 to 1 - 2^-24; above about 0.9999 an average in F32 stops short of
   *     the parameters, see docs/numerics.md
   * @return this
   * @throws IllegalArgumentException if out of range
   */
  public final B emaDecay(double decay) {
    Ranges.decay("emaDecay", decay);
    emaDecay = decay;
    return self();
  }
}
