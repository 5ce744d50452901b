package dev.quern;

import dev.quern.spi.optim.OptimizerArena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The parameters of a model, their gradients, and the model's buffers.
 *
 * <p>Parameters and gradients lie in one flat arena each, so that an optimizer step is one launch
 * whatever the number of tensors. A parameter starts at a multiple of 64 bytes. A store can also be
 * made of tensors that the caller owns: see {@link Builder#add(String, Tensor, Tensor)}.
 *
 * <p>Buffers are what a model saves with its parameters but no optimizer changes, such as the
 * running statistics of a batch normalization. They have no gradients and no place in an arena.
 *
 * <pre>{@code
 * ParameterStore store =
 *     ParameterStore.builder(engine)
 *         .add("weight", initialWeight, 32, 1)
 *         .add("bias", new float[1], 1)
 *         .addBuffer("running_mean", new float[32], 32)
 *         .build();
 * Tensor logits = features.matmul(store.parameter("weight"));
 * }</pre>
 */
public final class ParameterStore implements AutoCloseable {
  private final Engine engine;
  private final List<Entry> entries;
  private final Map<String, Integer> indices = new LinkedHashMap<>();
  private final Tensor parameterArena;
  private final Tensor gradientArena;
  private final List<Tensor> parameters;
  private final List<Tensor> gradients;
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final Map<String, Tensor> state = new LinkedHashMap<>();
  private final long arenaLength;
  private final boolean outside;

  /** One tensor: where it lies in the arena. */
  private record Entry(String name, Shape shape, long offset) {
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
    this.arenaLength = builder.length;
    this.outside = builder.values.isEmpty();
    Shape arena = Shape.of(outside ? 0 : arenaLength);
    this.parameterArena = engine.zeros(DType.F32, arena);
    this.gradientArena = engine.zeros(DType.F32, arena);
    this.parameters = outside ? views(builder.parameters) : views(parameterArena);
    this.gradients = outside ? views(builder.gradients) : views(gradientArena);
    for (Builder.Buffer buffer : builder.buffers) {
      Tensor tensor = engine.zeros(buffer.dtype(), buffer.shape());
      buffer.initial().accept(tensor);
      buffers.put(buffer.name(), tensor);
    }
    for (String name : builder.names) {
      Tensor buffer = buffers.get(name);
      state.put(name, buffer == null ? parameter(name) : buffer);
    }
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
   * Returns the engine.
   *
   * @return where the tensors live
   */
  public Engine engine() {
    return engine;
  }

  /**
   * Returns the names of the parameters.
   *
   * @return in the order they were added
   */
  public List<String> names() {
    return List.copyOf(indices.keySet());
  }

  /**
   * Returns the position of a parameter.
   *
   * @param name its name
   * @return its index in {@link #names}, {@link #parameters} and {@link #gradients}
   * @throws IllegalArgumentException if there is no such parameter
   */
  public int index(String name) {
    Integer index = indices.get(name);
    if (index == null) {
      throw new IllegalArgumentException(
          "There is no parameter '" + name + "'; there are " + indices.keySet() + ".");
    }
    return index;
  }

  /**
   * Returns a parameter.
   *
   * @param name its name
   * @return F32, of the shape it was added with; a view of its values, owned by the store
   * @throws IllegalArgumentException if there is no such parameter
   */
  public Tensor parameter(String name) {
    return parameters.get(index(name));
  }

  /**
   * Returns all parameters.
   *
   * @return as {@link #parameter} gives them, in the order of {@link #names}
   */
  public List<Tensor> parameters() {
    return parameters;
  }

  /**
   * Returns a gradient, which the model writes and the optimizer reads; 0 at first.
   *
   * @param name the parameter's name
   * @return F32, of the parameter's shape; a view of its values, owned by the store
   * @throws IllegalArgumentException if there is no such parameter
   */
  public Tensor gradient(String name) {
    return gradients.get(index(name));
  }

  /**
   * Returns all gradients.
   *
   * @return as {@link #gradient} gives them, in the order of {@link #names}
   */
  public List<Tensor> gradients() {
    return gradients;
  }

  /** Sets all gradients to 0. */
  public void zeroGradients() {
    if (outside) {
      gradients.forEach(gradient -> gradient.fill(0));
    } else {
      gradientArena.fill(0);
      // views of the arena carry faults of their own
      engine.locked(() -> {
        gradients.forEach(gradient -> gradient.setFaults(List.of()));
        return null;
      });
    }
  }

  /**
   * Returns the names of the buffers.
   *
   * @return in the order they were added
   */
  public List<String> bufferNames() {
    return List.copyOf(buffers.keySet());
  }

  /**
   * Returns a buffer.
   *
   * @param name its name
   * @return F32 or I64, of the shape it was added with; owned by the store
   * @throws IllegalArgumentException if there is no such buffer
   */
  public Tensor buffer(String name) {
    Tensor buffer = buffers.get(name);
    if (buffer == null) {
      throw new IllegalArgumentException(
          "There is no buffer '" + name + "'; there are " + buffers.keySet() + ".");
    }
    return buffer;
  }

  /**
   * Returns what a checkpoint of the model holds: parameters and buffers together.
   *
   * @return the tensors by name, in the order they were added; they are the store's, not copies
   */
  public Map<String, Tensor> state() {
    return Collections.unmodifiableMap(state);
  }

  /**
   * Tells whose the parameters are.
   *
   * @return whether they are tensors of the caller, so that both arenas are empty
   */
  public boolean isOutside() {
    return outside;
  }

  /**
   * Returns all parameters as one tensor, for what works on them at once.
   *
   * @return F32, shape ({@link #arenaLength}), 0 between parameters; shape (0) if {@link
   *     #isOutside}; owned by the store
   */
  public Tensor parameterArena() {
    return parameterArena;
  }

  /**
   * Returns all gradients as one tensor, for what works on them at once.
   *
   * @return F32, laid out as {@link #parameterArena}; owned by the store
   */
  public Tensor gradientArena() {
    return gradientArena;
  }

  /**
   * Returns the length of an arena that holds a value for each parameter.
   *
   * @return in elements, the gaps between parameters included; also if {@link #isOutside}
   */
  public long arenaLength() {
    return arenaLength;
  }

  /**
   * Returns where a parameter begins in an arena.
   *
   * @param index of the parameter, as {@link #index} gives it
   * @return its first element, a multiple of 16
   * @throws IndexOutOfBoundsException if there is no such parameter
   */
  public long arenaOffset(int index) {
    return entries.get(index).offset();
  }

  /**
   * Cuts an arena into the parameters' parts.
   *
   * @param arena shape ({@link #arenaLength}), of any dtype
   * @return a view of the parameter's shape for each parameter, owned by the current scope
   */
  public List<Tensor> views(Tensor arena) {
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

  /** Frees buffers, parameters and gradients, unless these are the caller's. */
  @Override
  public void close() {
    parameters.forEach(Tensor::close);
    gradients.forEach(Tensor::close);
    buffers.values().forEach(Tensor::close);
    parameterArena.close();
    gradientArena.close();
  }

  /** Collects parameters and buffers. */
  public static final class Builder {
    private final Engine engine;
    private final Set<String> names = new LinkedHashSet<>();
    private final List<Entry> entries = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    private final List<Tensor> parameters = new ArrayList<>();
    private final List<Tensor> gradients = new ArrayList<>();
    private final List<Buffer> buffers = new ArrayList<>();
    private long length;

    private record Buffer(String name, DType dtype, Shape shape, Consumer<Tensor> initial) {}

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
      Shape shape = shape("Parameter", name, initial.length, dims);
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
     * @param parameter F32, in CONTIGUOUS format, on the store's engine
     * @param gradient F32, of the same shape and format
     * @return this
     * @throws IllegalArgumentException if the name is taken or the tensors are not as said
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
        if (tensor.format() != MemoryFormat.CONTIGUOUS) {
          throw new IllegalArgumentException(
              "Parameter '%s' needs tensors in CONTIGUOUS format, but one is %s; make it with contiguous()."
                  .formatted(name, tensor.type()));
        }
      }
      if (!parameter.shape().equals(gradient.shape())) {
        throw new IllegalArgumentException(
            "Parameter '%s' has shape %s, but its gradient %s."
                .formatted(name, parameter.shape(), gradient.shape()));
      }
      addEntry(name, parameter.shape());
      parameters.add(parameter);
      gradients.add(gradient);
      return this;
    }

    /**
     * Adds an F32 buffer, which the store owns.
     *
     * @param name its name, unique in the store
     * @param initial its values
     * @param dims its shape
     * @return this
     * @throws IllegalArgumentException if the name is taken or the shape needs other values
     */
    public Builder addBuffer(String name, float[] initial, long... dims) {
      Shape shape = shape("Buffer", name, initial.length, dims);
      float[] copy = initial.clone();
      return addBuffer(new Buffer(name, DType.F32, shape, tensor -> tensor.copyFrom(copy)));
    }

    /**
     * Adds an I64 buffer, such as a count of batches, which the store owns.
     *
     * @param name its name, unique in the store
     * @param initial its values
     * @param dims its shape
     * @return this
     * @throws IllegalArgumentException if the name is taken or the shape needs other values
     */
    public Builder addBuffer(String name, long[] initial, long... dims) {
      Shape shape = shape("Buffer", name, initial.length, dims);
      MemorySegment copy = MemorySegment.ofArray(initial.clone());
      return addBuffer(new Buffer(name, DType.I64, shape, tensor -> tensor.copyFrom(copy)));
    }

    private Builder addBuffer(Buffer buffer) {
      addName(buffer.name());
      buffers.add(buffer);
      return this;
    }

    private static Shape shape(String kind, String name, int values, long[] dims) {
      Shape shape = Shape.of(dims);
      if (shape.elements() != values) {
        throw new IllegalArgumentException(
            "%s '%s' of shape %s needs %d values, but %d are given."
                .formatted(kind, name, shape, shape.elements(), values));
      }
      return shape;
    }

    private void addEntry(String name, Shape shape) {
      addName(name);
      entries.add(new Entry(name, shape, length));
      length += Math.ceilDiv(shape.elements(), OptimizerArena.ALIGNMENT) * OptimizerArena.ALIGNMENT;
    }

    private void addName(String name) {
      if (!names.add(name)) {
        throw new IllegalArgumentException(
            "There already is a parameter or buffer '" + name + "'.");
      }
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
          store.parameters.get(i).copyFrom(values.get(i));
        }
        scope.detachAll();
        return store;
      }
    }
  }
}
