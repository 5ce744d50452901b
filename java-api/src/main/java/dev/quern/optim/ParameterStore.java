package dev.quern.optim;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.optim.OptimizerArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a model and their gradients, each in one flat arena, so that an optimizer step
 * is one launch whatever the number of tensors. A parameter starts at a multiple of 64 bytes. A
 * store can also be made of tensors that the caller owns: see {@link Builder#add(String, Tensor,
 * Tensor)}.
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
  private final long length;
  private final boolean outside;

  /** One tensor: where it lies in the arena. */
  record Entry(String name, Shape shape, long offset) {
    long length() {
      return shape.elements();
    }
  }

  private ParameterStore(Builder builder) {
    this.engine = builder.engine;
    this.entries = List.copyOf(builder.entries);
    for (Entry entry : entries) {
      indices.put(entry.name(), indices.size());
    }
    this.length = builder.length;
    this.outside = builder.values.isEmpty();
    Shape arena = Shape.of(outside ? 0 : length);
    this.parameters = engine.zeros(DType.F32, arena);
    this.gradients = engine.zeros(DType.F32, arena);
    this.parameterViews = outside ? views(builder.parameters) : views(parameters);
    this.gradientViews = outside ? views(builder.gradients) : views(gradients);
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
    if (outside) {
      gradientViews.forEach(gradient -> gradient.fill(0));
    } else {
      gradients.fill(0);
    }
  }

  /** Frees parameters and gradients, unless they are the caller's. */
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

  /** The arena; empty if the tensors are the caller's. */
  Tensor parameters() {
    return parameters;
  }

  /** The arena; empty if the tensors are the caller's. */
  Tensor gradients() {
    return gradients;
  }

  /** The elements of an arena, gaps included. */
  long length() {
    return length;
  }

  /** Whether the tensors are the caller's. */
  boolean isOutside() {
    return outside;
  }

  List<Tensor> parameterViews() {
    return parameterViews;
  }

  List<Tensor> gradientViews() {
    return gradientViews;
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
      try (Tensor slice = arena.slice(entry.offset(), entry.offset() + entry.length())) {
        views.add(slice.reshape(entry.shape()));
      }
    }
    return List.copyOf(views);
  }

  /** Views of tensors, which hold their memory until they are closed. */
  private static List<Tensor> views(List<Tensor> tensors) {
    return tensors.stream().map(tensor -> tensor.reshape(tensor.shape())).toList();
  }

  /** Collects parameters. */
  public static final class Builder {
    private final Engine engine;
    private final List<Entry> entries = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    private final List<Tensor> parameters = new ArrayList<>();
    private final List<Tensor> gradients = new ArrayList<>();
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
      if (shape.elements() != initial.length) {
        throw new IllegalArgumentException(
            "Parameter '%s' of shape %s needs %d values, but %d are given."
                .formatted(name, shape, shape.elements(), initial.length));
      }
      addEntry(name, shape);
      values.add(initial.clone());
      return this;
    }

    /**
     * Adds a parameter that the caller owns, with its gradient: steps work on both where they are.
     * A store has either only such parameters or none. The CPU and CUDA backends reach them through
     * a table of pointers; OpenCL has none and copies them into an arena and back at each step. The
     * memory of both lives at least as long as the store.
     *
     * @param name its name, unique in the store
     * @param parameter F32, on the store's engine
     * @param gradient F32, of the same shape
     * @return this
     * @throws IllegalArgumentException if the name is taken, the tensors are not as said, or there
     *     is a parameter that the store owns
     */
    public Builder add(String name, Tensor parameter, Tensor gradient) {
      for (Tensor tensor : List.of(parameter, gradient)) {
        if (tensor.engine() != engine) {
          throw new IllegalArgumentException(
              "The tensor %s of parameter '%s' and the store live on different engines; bring them together with t.to(engine)."
                  .formatted(tensor, name));
        }
        if (tensor.dtype() != DType.F32) {
          throw new IllegalArgumentException(
              "Parameter '%s' needs F32 tensors, but one is %s.".formatted(name, tensor));
        }
      }
      if (!parameter.shape().equals(gradient.shape()) || parameter.format() != gradient.format()) {
        throw new IllegalArgumentException(
            "Parameter '%s' is %s %s, but its gradient %s %s: shape and memory format must be equal."
                .formatted(
                    name,
                    parameter.shape(),
                    parameter.format(),
                    gradient.shape(),
                    gradient.format()));
      }
      addEntry(name, parameter.shape());
      parameters.add(parameter);
      gradients.add(gradient);
      return this;
    }

    private void addEntry(String name, Shape shape) {
      if (entries.stream().anyMatch(e -> e.name().equals(name))) {
        throw new IllegalArgumentException("There already is a parameter '" + name + "'.");
      }
      entries.add(new Entry(name, shape, length));
      length += Math.ceilDiv(shape.elements(), OptimizerArena.ALIGNMENT) * OptimizerArena.ALIGNMENT;
    }

    /**
     * Makes the store.
     *
     * @return the store, owned by the caller
     * @throws IllegalStateException without parameters, or if some are the caller's and some not
     */
    public ParameterStore build() {
      if (entries.isEmpty()) {
        throw new IllegalStateException("A parameter store needs at least one parameter.");
      }
      if (!values.isEmpty() && !parameters.isEmpty()) {
        throw new IllegalStateException(
            "A parameter store has either its own parameters or the caller's, but %d are its own and %d the caller's."
                .formatted(values.size(), parameters.size()));
      }
      try (Scope scope = engine.openScope()) {
        ParameterStore store = new ParameterStore(this);
        for (int i = 0; i < values.size(); i++) {
          store.parameterViews.get(i).copyFrom(values.get(i));
        }
        scope.detachAll();
        return store;
      }
    }
  }
}
