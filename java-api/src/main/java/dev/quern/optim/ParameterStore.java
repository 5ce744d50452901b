package dev.quern.optim;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.OptimizerArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a model and their gradients, each in one flat arena, so that an optimizer step
 * is one launch whatever the number of tensors. A parameter starts at a multiple of 64 bytes.
 *
 * <pre>{@code
 * ParameterStore store =
 *     ParameterStore.builder(engine)
 *         .add("weight", initialWeight, 32, 1)
 *         .add("bias", new float[1], 1)
 *         .build();
 * Tensor logits = features.matmul(store.parameter("weight"));
 * }</pre>
 */
public final class ParameterStore implements AutoCloseable {
  private final Engine engine;
  private final List<Entry> entries;
  private final Map<String, Integer> indices = new LinkedHashMap<>();
  private final Tensor parameters;
  private final Tensor gradients;
  private final List<Tensor> parameterViews;
  private final List<Tensor> gradientViews;

  /** One tensor: where it lies in the arena. */
  record Entry(String name, Shape shape, long offset) {
    long length() {
      return shape.elements();
    }
  }

  private ParameterStore(Engine engine, List<Entry> entries, long length) {
    this.engine = engine;
    this.entries = List.copyOf(entries);
    for (Entry entry : entries) {
      indices.put(entry.name(), indices.size());
    }
    this.parameters = engine.zeros(DType.F32, Shape.of(length)).detach();
    this.gradients = engine.zeros(DType.F32, Shape.of(length)).detach();
    this.parameterViews = views(parameters);
    this.gradientViews = views(gradients);
  }

  /**
   * Starts a store.
   *
   * @param engine where it will live
   * @return a builder without parameters
   */
  public static Builder builder(Engine engine) {
    return new Builder(engine);
  }

  /**
   * Returns the names.
   *
   * @return the parameters' names in the order they were added
   */
  public List<String> names() {
    return List.copyOf(indices.keySet());
  }

  /**
   * Returns a parameter.
   *
   * @param name its name
   * @return a view of its values in the arena, owned by the store
   * @throws IllegalArgumentException if there is no such parameter
   */
  public Tensor parameter(String name) {
    return parameterViews.get(index(name));
  }

  /**
   * Returns a gradient, which the model writes and the optimizer reads; 0 at first.
   *
   * @param name the parameter's name
   * @return a view of its gradient in the arena, owned by the store
   * @throws IllegalArgumentException if there is no such parameter
   */
  public Tensor gradient(String name) {
    return gradientViews.get(index(name));
  }

  /** Sets all gradients to 0. */
  public void zeroGradients() {
    gradients.fill(0);
  }

  /** Frees parameters and gradients. */
  @Override
  public void close() {
    parameterViews.forEach(Tensor::close);
    gradientViews.forEach(Tensor::close);
    parameters.close();
    gradients.close();
  }

  Engine engine() {
    return engine;
  }

  List<Entry> entries() {
    return entries;
  }

  Tensor parameters() {
    return parameters;
  }

  Tensor gradients() {
    return gradients;
  }

  int index(String name) {
    Integer index = indices.get(name);
    if (index == null) {
      throw new IllegalArgumentException(
          "There is no parameter '" + name + "'; there are " + indices.keySet() + ".");
    }
    return index;
  }

  /** Views of an arena of this store's layout, one per parameter. */
  List<Tensor> views(Tensor arena) {
    List<Tensor> views = new ArrayList<>();
    for (Entry entry : entries) {
      long[] dims = new long[entry.shape().rank()];
      for (int axis = 0; axis < dims.length; axis++) {
        dims[axis] = entry.shape().dim(axis);
      }
      try (Tensor slice = arena.slice(entry.offset(), entry.offset() + entry.length())) {
        views.add(slice.reshape(dims).detach());
      }
    }
    return List.copyOf(views);
  }

  /** Collects parameters. */
  public static final class Builder {
    private final Engine engine;
    private final List<Entry> entries = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    private long length;

    private Builder(Engine engine) {
      this.engine = engine;
    }

    /**
     * Adds a parameter.
     *
     * @param name its name, unique in the store
     * @param initial its values
     * @param dims its shape
     * @return this
     * @throws IllegalArgumentException if the name is taken or the shape needs other values
     */
    public Builder add(String name, float[] initial, long... dims) {
      Shape shape = Shape.of(dims);
      if (entries.stream().anyMatch(e -> e.name().equals(name))) {
        throw new IllegalArgumentException("There already is a parameter '" + name + "'.");
      }
      if (shape.elements() != initial.length) {
        throw new IllegalArgumentException(
            "Parameter '%s' of shape %s needs %d values, but %d are given."
                .formatted(name, shape, shape.elements(), initial.length));
      }
      entries.add(new Entry(name, shape, length));
      values.add(initial.clone());
      length += Math.ceilDiv(shape.elements(), OptimizerArena.ALIGNMENT) * OptimizerArena.ALIGNMENT;
      return this;
    }

    /**
     * Makes the store.
     *
     * @return the store, owned by the caller
     * @throws IllegalStateException without parameters
     */
    public ParameterStore build() {
      if (entries.isEmpty()) {
        throw new IllegalStateException("A parameter store needs at least one parameter.");
      }
      ParameterStore store = new ParameterStore(engine, entries, length);
      for (int i = 0; i < values.size(); i++) {
        store.parameterViews.get(i).copyFrom(values.get(i));
      }
      return store;
    }
  }
}
