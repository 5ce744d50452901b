package dev.quern.optim;

import dev.quern.Backends;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Adam and AdamW over a {@link ParameterStore}: one launch a step, 28 bytes of memory traffic per
 * parameter, 36 with amsgrad, 8 more with a moving average.
 *
 * <p>Source: PyTorch's {@code Adam} and {@code AdamW} (Kingma and Ba, 2015; Loshchilov and Hutter,
 * 2019; Reddi et al., 2018): eps is added after the bias-corrected root, amsgrad takes the maximum
 * of the uncorrected second moment. Bias corrections come from the int64 step number, in f64. Not
 * in PyTorch: the L1 penalties of {@link AdamOptions} and the parts of {@link Optimizer} around the
 * step, which there are functions and classes of their own.
 */
public final class Adam extends Optimizer<AdamOptions> {
  private final Tensor expAvg;
  private final Tensor expAvgSq;
  private final @Nullable Tensor maxExpAvgSq;
  private final List<Tensor> expAvgViews;
  private final List<Tensor> expAvgSqViews;
  private final List<Tensor> maxExpAvgSqViews;
  private final AdamState state;

  private Adam(Builder builder) {
    super(builder, AdamGroup.table(builder.groupCount()), AdamOptions::write);
    boolean amsgrad = groups().stream().anyMatch(g -> g.options().amsgrad());
    this.expAvg = zeros();
    this.expAvgSq = zeros();
    this.maxExpAvgSq = amsgrad ? zeros() : null;
    this.expAvgViews = viewsOf(expAvg);
    this.expAvgSqViews = viewsOf(expAvgSq);
    this.maxExpAvgSqViews = viewsOf(maxExpAvgSq);
    this.state =
        new AdamState(
            expAvg.span(), expAvgSq.span(), maxExpAvgSq == null ? null : maxExpAvgSq.span());
  }

  /**
   * Starts an optimizer.
   *
   * @param store the parameters it updates
   * @return a builder
   */
  public static Builder builder(ParameterStore store) {
    return new Builder(store);
  }

  @Override
  void update(OptimizerKernels kernels, OptimizerArena arena, Span control) {
    kernels.adam(arena, state, control);
  }

  @Override
  void requireState(AdamOptions options) {
    if (options.amsgrad() && maxExpAvgSq == null) {
      throw new IllegalArgumentException(
          "amsgrad was off in all groups when this optimizer was made; make it with amsgrad.");
    }
  }

  /**
   * Returns a first moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   */
  public Tensor expAvg(String parameter) {
    return expAvgViews.get(store().index(parameter));
  }

  /**
   * Returns a second moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   */
  public Tensor expAvgSq(String parameter) {
    return expAvgSqViews.get(store().index(parameter));
  }

  /**
   * Returns the maximum of a second moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   * @throws IllegalStateException if no group uses amsgrad
   */
  public Tensor maxExpAvgSq(String parameter) {
    int index = store().index(parameter);
    if (maxExpAvgSq == null) {
      throw new IllegalStateException(
          "maxExpAvgSq exists only with amsgrad, and no group uses it.");
    }
    return maxExpAvgSqViews.get(index);
  }

  @Override
  public void close() {
    expAvgViews.forEach(Tensor::close);
    expAvgSqViews.forEach(Tensor::close);
    maxExpAvgSqViews.forEach(Tensor::close);
    if (maxExpAvgSq != null) {
      maxExpAvgSq.close();
    }
    expAvg.close();
    expAvgSq.close();
    super.close();
  }

  /**
   * Takes one step over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters without amsgrad
   * @throws IllegalArgumentException if lengths differ, the step is negative, or amsgrad is set
   */
  public static void step(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      long step,
      AdamOptions options) {
    requireNoAmsgrad(options);
    stepArrays(parameters, gradients, expAvg, expAvgSq, null, step, options);
  }

  /**
   * Takes one step with amsgrad over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param maxExpAvgSq their maxima, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters; amsgrad is implied
   * @throws IllegalArgumentException if lengths differ or the step is negative
   */
  public static void step(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float[] maxExpAvgSq,
      long step,
      AdamOptions options) {
    stepArrays(
        parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, step, options.withAmsgrad(true));
  }

  /**
   * Takes one step over memory segments, on the CPU, without an engine. Heap and native memory may
   * be mixed and start at any address; native memory aligned to 4 bytes is fastest. A confined
   * segment is worked on by the calling thread alone.
   *
   * @param parameters floats in native byte order, changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters without amsgrad
   * @throws IllegalArgumentException if sizes differ or are no whole floats, the step is negative,
   *     what is changed is read-only, or amsgrad is set
   */
  public static void step(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      long step,
      AdamOptions options) {
    requireNoAmsgrad(options);
    stepSegments(parameters, gradients, expAvg, expAvgSq, null, step, options);
  }

  /**
   * Takes one step with amsgrad over memory segments, on the CPU, without an engine.
   *
   * @param parameters floats in native byte order, changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param maxExpAvgSq their maxima, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters; amsgrad is implied
   * @throws IllegalArgumentException if sizes differ or are no whole floats, the step is negative,
   *     or what is changed is read-only
   */
  public static void step(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      MemorySegment maxExpAvgSq,
      long step,
      AdamOptions options) {
    stepSegments(
        parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, step, options.withAmsgrad(true));
  }

  private static void stepArrays(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] maxExpAvgSq,
      long step,
      AdamOptions options) {
    requireEqual(
        parameters.length,
        gradients.length,
        expAvg.length,
        expAvgSq.length,
        maxExpAvgSq == null ? parameters.length : maxExpAvgSq.length);
    AdamCoefficients c = coefficients(options, step);
    Backends.arrays().adam(parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, c);
  }

  private static void stepSegments(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      long step,
      AdamOptions options) {
    requireEqual(
        floats(parameters, "parameters", true),
        floats(gradients, "gradients", false),
        floats(expAvg, "expAvg", true),
        floats(expAvgSq, "expAvgSq", true),
        maxExpAvgSq == null
            ? parameters.byteSize() / Float.BYTES
            : floats(maxExpAvgSq, "maxExpAvgSq", true));
    AdamCoefficients c = coefficients(options, step);
    Backends.arrays().adam(parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, c);
  }

  private static void requireNoAmsgrad(AdamOptions options) {
    if (options.amsgrad()) {
      throw new IllegalArgumentException("amsgrad needs maxExpAvgSq, which is not given.");
    }
  }

  private static long floats(MemorySegment segment, String name, boolean written) {
    if (written && segment.isReadOnly()) {
      throw new IllegalArgumentException("The segment " + name + " is read-only.");
    }
    if (segment.byteSize() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "The segment %s has %d bytes, which are no whole floats."
              .formatted(name, segment.byteSize()));
    }
    return segment.byteSize() / Float.BYTES;
  }

  private static void requireEqual(
      long parameters, long gradients, long expAvg, long expAvgSq, long maxima) {
    if (gradients != parameters
        || expAvg != parameters
        || expAvgSq != parameters
        || maxima != parameters) {
      throw new IllegalArgumentException(
          "There are %d parameters, but %d gradients, %d first and %d second moments%s."
              .formatted(
                  parameters,
                  gradients,
                  expAvg,
                  expAvgSq,
                  maxima == parameters ? "" : ", " + maxima + " maxima"));
    }
  }

  private static AdamCoefficients coefficients(AdamOptions options, long step) {
    if (step < 0) {
      throw new IllegalArgumentException("The step number must be at least 0, got " + step + ".");
    }
    return AdamCoefficients.of(options.group(Double.POSITIVE_INFINITY, 1), step);
  }

  /** Collects what an optimizer needs. */
  public static final class Builder extends OptimizerBuilder<AdamOptions, Builder> {
    private Builder(ParameterStore store) {
      super(store, new AdamOptions());
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return the optimizer, owned by the caller
     * @throws IllegalArgumentException if a parameter is in no group or in two
     */
    public Adam build() {
      try (Scope scope = store.engine().openScope()) {
        Adam made = new Adam(this);
        scope.detachAll();
        return made;
      }
    }
  }
}
