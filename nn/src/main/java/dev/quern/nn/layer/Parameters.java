package dev.quern.nn.layer;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.tensor.PhiloxStream;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects what the layers of a network learn, under names with the path of the layer in front. A
 * layer asks for its parameters when it is constructed and reads them once all are {@link #build
 * built} into one store.
 *
 * <pre>{@code
 * Parameters p = new Parameters(engine, 42);
 * Layer network = new Sequential(new Linear(p.child("0"), 4, 16), Activation.RELU, new Linear(p.child("2"), 16, 1));
 * ParameterStore store = p.build();
 * }</pre>
 */
public final class Parameters {
  private final Root root;
  private final String prefix;

  private static final class Root {
    final Engine engine;
    final long seed;
    final ParameterStore.Builder builder;
    int drawn;
    @Nullable ParameterStore store;

    Root(Engine engine, long seed) {
      this.engine = engine;
      this.seed = seed;
      this.builder = ParameterStore.builder(engine);
    }

    ParameterStore store() {
      if (store == null) {
        throw new IllegalStateException(
            "The network's parameters are not built yet: call build() once all layers are made.");
      }
      return store;
    }
  }

  /**
   * Begins without parameters.
   *
   * @param engine where they will live
   * @param seed of what is drawn: the same network and seed give the same bits on every backend
   */
  public Parameters(Engine engine, long seed) {
    this(new Root(engine, seed), "");
  }

  private Parameters(Root root, String prefix) {
    this.root = root;
    this.prefix = prefix;
  }

  /**
   * Goes one level down.
   *
   * @param name of the layer, put before the names of its parameters with a dot
   * @return collects into the same store
   */
  public Parameters child(String name) {
    return new Parameters(root, prefix + name + ".");
  }

  /**
   * Adds a parameter drawn evenly between two bounds, from Philox: the stream is the parameter's
   * number among the drawn ones.
   *
   * @param name in the layer
   * @param bound the values lie in [-bound, bound)
   * @param dims its shape
   * @return gives the parameter once the store is built
   */
  public Supplier<Tensor> uniform(String name, double bound, long... dims) {
    PhiloxStream stream = new PhiloxStream(root.seed, root.drawn++, 0, 0);
    float[] values = root.engine.scoped(() -> root.engine.uniform(stream, dims).toFloatArray());
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * (double) values[i] - 1) * bound);
    }
    return add(name, values, dims);
  }

  /**
   * Adds a parameter of one value everywhere.
   *
   * @param name in the layer
   * @param value the value
   * @param dims its shape
   * @return gives the parameter once the store is built
   */
  public Supplier<Tensor> constant(String name, float value, long... dims) {
    return add(name, filled(value, dims), dims);
  }

  private Supplier<Tensor> add(String name, float[] values, long... dims) {
    String full = prefix + name;
    root.builder.add(full, values, dims);
    return () -> root.store().parameter(full);
  }

  /**
   * Adds a buffer, which is saved with the parameters and not optimized.
   *
   * @param name in the layer
   * @param value its first value everywhere
   * @param dims its shape
   * @return gives the buffer, F32, once the store is built
   */
  public Supplier<Tensor> buffer(String name, float value, long... dims) {
    String full = prefix + name;
    root.builder.addBuffer(full, filled(value, dims), dims);
    return () -> root.store().buffer(full);
  }

  /**
   * Adds a buffer that counts from 0.
   *
   * @param name in the layer
   * @return gives the buffer, I64 and without axes, once the store is built
   */
  public Supplier<Tensor> counter(String name) {
    String full = prefix + name;
    root.builder.addBuffer(full, new long[1]);
    return () -> root.store().buffer(full);
  }

  /**
   * Makes the store of all layers.
   *
   * @return the store, owned by the caller
   * @throws IllegalStateException if it was made before, or there are no parameters
   */
  public ParameterStore build() {
    if (root.store != null) {
      throw new IllegalStateException("The network's parameters were built already.");
    }
    ParameterStore store = root.builder.build();
    root.store = store;
    return store;
  }

  private static float[] filled(float value, long... dims) {
    float[] values = new float[Math.toIntExact(Shape.of(dims).elements())];
    Arrays.fill(values, value);
    return values;
  }
}
