package dev.quern.optim;

import dev.quern.Backends;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.SgdCoefficients;
import dev.quern.spi.optim.SgdGroup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stochastic gradient descent over a {@link ParameterStore}: one launch a step, 12 bytes of memory
 * traffic per parameter, 20 with momentum, 8 more with a moving average.
 *
 * <p>Source: PyTorch's {@code SGD} (Sutskever et al., 2013, for Nesterov): the learning rate stands
 * outside the momentum buffer, a parameter's first step with momentum fills the buffer with the
 * gradient as it is, without dampening, also when momentum is switched on later.
 */
public final class Sgd extends Optimizer<SgdOptions> {
  private final @Nullable Tensor momentumBuffer;
  private final List<Tensor> momentumBufferViews;

  private Sgd(Builder builder) {
    super(builder, SgdGroup.table(builder.groupCount()), SgdOptions::write);
    boolean momentum = groups().stream().anyMatch(g -> g.options().momentum() > 0);
    this.momentumBuffer = momentum ? zeros() : null;
    this.momentumBufferViews = viewsOf(momentumBuffer);
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
    kernels.sgd(arena, momentumBuffer == null ? null : momentumBuffer.span(), control);
  }

  @Override
  void requireState(SgdOptions options) {
    if (options.momentum() > 0 && momentumBuffer == null) {
      throw new IllegalArgumentException(
          "momentum was 0 in all groups when this optimizer was made; make it with momentum.");
    }
  }

  /**
   * Returns a momentum buffer, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   * @throws IllegalStateException if no group has momentum
   */
  public Tensor momentumBuffer(String parameter) {
    int index = store().index(parameter);
    if (momentumBuffer == null) {
      throw new IllegalStateException(
          "momentumBuffer exists only with momentum, and no group has any.");
    }
    return momentumBufferViews.get(index);
  }

  /**
   * Tells whether there are momentum buffers.
   *
   * @return whether a group had momentum when the optimizer was made
   */
  public boolean hasMomentumBuffer() {
    return momentumBuffer != null;
  }

  /**
   * Reads which momentum buffers hold something, and waits: those of parameters that have taken a
   * step with momentum. The next step of the others fills theirs.
   *
   * @return per parameter in the store's order
   */
  public boolean[] buffered() {
    return readBuffered();
  }

  /**
   * Says which momentum buffers hold something, behind {@link #setSteps}, which takes it from the
   * step numbers.
   *
   * @param buffered per parameter in the store's order
   * @throws IllegalArgumentException if the number of entries differs, or there are no momentum
   *     buffers to hold anything
   */
  public void setBuffered(boolean[] buffered) {
    int parameters = store().names().size();
    if (buffered.length != parameters) {
      throw new IllegalArgumentException(
          "There are %d parameters, but it is said of %d whether their momentum buffers hold something."
              .formatted(parameters, buffered.length));
    }
    for (boolean one : buffered) {
      if (one && momentumBuffer == null) {
        throw new IllegalArgumentException(
            "momentum was 0 in all groups when this optimizer was made, so no buffer holds anything; make it with momentum.");
      }
    }
    writeBuffered(buffered);
  }

  @Override
  public void close() {
    momentumBufferViews.forEach(Tensor::close);
    if (momentumBuffer != null) {
      momentumBuffer.close();
    }
    super.close();
  }

  /**
   * Takes one step without momentum over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param options hyper-parameters without momentum
   * @throws IllegalArgumentException if lengths differ or momentum is set
   */
  public static void step(float[] parameters, float[] gradients, SgdOptions options) {
    if (options.momentum() > 0) {
      throw new IllegalArgumentException(
          "momentum needs the array momentumBuffer, which is not given.");
    }
    stepArrays(parameters, gradients, null, 0, options);
  }

  /**
   * Takes one step with momentum over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param momentumBuffer as many, zeros at first; changed
   * @param step the number of steps that the buffer has seen before this one; 0 fills it
   * @param options hyper-parameters
   * @throws IllegalArgumentException if lengths differ or the step is negative
   */
  public static void step(
      float[] parameters,
      float[] gradients,
      float[] momentumBuffer,
      long step,
      SgdOptions options) {
    stepArrays(parameters, gradients, momentumBuffer, step, options);
  }

  private static void stepArrays(
      float[] parameters,
      float[] gradients,
      float @Nullable [] momentumBuffer,
      long step,
      SgdOptions options) {
    int n = parameters.length;
    if (gradients.length != n || (momentumBuffer != null && momentumBuffer.length != n)) {
      throw new IllegalArgumentException(
          "There are %d parameters, but %d gradients%s."
              .formatted(
                  n,
                  gradients.length,
                  momentumBuffer == null
                      ? ""
                      : " and " + momentumBuffer.length + " elements of the momentum buffer"));
    }
    if (step < 0) {
      throw new IllegalArgumentException("The step number must be at least 0, got " + step + ".");
    }
    SgdCoefficients c = SgdCoefficients.of(options.group(Double.POSITIVE_INFINITY, 1), step > 0);
    Backends.arrays().sgd(parameters, gradients, options.momentum() > 0 ? momentumBuffer : null, c);
  }

  /** Collects what an optimizer needs. */
  public static final class Builder extends OptimizerBuilder<SgdOptions, Builder> {
    private Builder(ParameterStore store) {
      super(store, new SgdOptions());
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
    public Sgd build() {
      try (Scope scope = store.engine().openScope()) {
        Sgd made = new Sgd(this);
        scope.detachAll();
        return made;
      }
    }
  }
}
