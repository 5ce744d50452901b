package dev.quern;

import dev.quern.engine.Allocator;
import dev.quern.engine.EngineResources;
import dev.quern.engine.FaultBlocks;
import dev.quern.engine.Observation;
import dev.quern.engine.PlanCache;
import dev.quern.engine.Storage;
import dev.quern.engine.WarmUp;
import dev.quern.op.Operation;
import dev.quern.op.OperationListener;
import dev.quern.op.TensorType;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One open device with its memory: makes tensors and runs operations on them. Operations are
 * enqueued and return at once; reading a value waits. Several threads may use an engine; each has
 * its own scopes.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open()) {
 *   float mean = engine.scoped(() -> engine.tensor(values, values.length).sum().item()) / values.length;
 * }
 * }</pre>
 */
public final class Engine extends TensorFactory implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.quern");
  private static final Cleaner CLEANER = Cleaner.create();

  private final Backend backend;
  private final EngineResources resources;
  private final Cleaner.Cleanable cleanable;
  private final Observation observation;
  private final ReentrantLock lock = new ReentrantLock();
  private final Allocator allocator;
  private final Scope root = new Scope(this, null);

  @SuppressWarnings("ThreadLocalUsage") // per engine on purpose: a thread may use several at once
  private final ThreadLocal<@Nullable Scope> current = new ThreadLocal<>();

  private final PlanCache plans;
  private final Arena arena = Arena.ofShared();
  private final Downloads downloads;
  private final Operations operations = new Operations(this);
  private final FaultBlocks faultBlocks;
  private final Tensor one;
  private boolean closed;

  /**
   * Takes over an open backend; most callers want {@link #open()}.
   *
   * @param backend closed together with this engine, also if that cannot be made
   */
  public Engine(Backend backend) {
    this(backend, new EngineOptions());
  }

  @SuppressWarnings("this-escape") // tensors need their engine; nothing else sees it yet
  Engine(Backend backend, EngineOptions options) {
    this.backend = backend;
    this.observation = new Observation(backend);
    this.plans = new PlanCache(backend);
    this.allocator = new Allocator(backend, options.memoryLimit());
    this.resources = new EngineResources(backend, allocator, arena);
    this.downloads = new Downloads(this, backend, arena);
    this.faultBlocks = new FaultBlocks(backend, allocator, arena);
    try {
      this.one = empty(DType.F32, Shape.of(1)).detach();
      submit(b -> b.pointwise().fill(one.span(), 1));
    } catch (RuntimeException e) {
      resources.release();
      throw e;
    }
    this.cleanable = CLEANER.register(this, resources);
  }

  /**
   * Opens the best device: CUDA, then an OpenCL GPU, then the vector CPU backend, then reference.
   * The system property {@code quern.backend} or the environment variable {@code QUERN_BACKEND}
   * names another choice, which is then binding.
   *
   * @return the engine, owned by the caller
   * @throws BackendUnavailableException if the backend named cannot be used, with the reasons
   */
  public static Engine open() {
    return open(new EngineOptions());
  }

  /**
   * Opens a device by name.
   *
   * @param name a backend, or a backend and a device number: {@code simd}, {@code opencl:1}
   * @return the engine, owned by the caller
   * @throws BackendUnavailableException if it cannot be used, with the reasons and what can
   */
  public static Engine open(String name) {
    return open(new EngineOptions().withBackend(name));
  }

  /**
   * Opens a device with options: a cap on threads, a memory limit, where backends are looked for.
   *
   * @param options without a backend, the best device is opened as by {@link #open()}
   * @return the engine, owned by the caller
   * @throws BackendUnavailableException if the backend named cannot be used, with the reasons
   */
  public static Engine open(EngineOptions options) {
    return Backends.open(options);
  }

  /**
   * Returns the device behind this engine.
   *
   * @return the device
   */
  public DeviceInfo device() {
    return backend.device();
  }

  /**
   * Returns how much memory is in use.
   *
   * @return the statistics now
   */
  public MemoryStatistics memory() {
    return locked(allocator::statistics);
  }

  @Override
  public Tensor empty(TensorType type) {
    return locked(() -> {
      requireOpen();
      DeviceBuffer buffer = allocator.allocate(Math.max(1, bytes(type.dtype(), type.shape())));
      return adopt(new Storage(buffer, () -> allocator.release(buffer)), type, 0);
    });
  }

  @Override
  Tensor made(Operation operation) {
    return apply(operation, List.of()).getFirst();
  }

  @Override
  @Nullable Tensor wrap(MemorySegment memory, TensorType type) {
    DeviceBuffer wrapped = backend.memory().wrap(memory);
    if (wrapped == null) {
      return null;
    }
    Runnable release =
        () -> {
          backend.synchronize();
          backend.memory().release(wrapped);
        };
    return locked(() -> adopt(new Storage(wrapped, release), type, 0));
  }

  /**
   * Applies an operation: checks its inputs, makes its results and enqueues its kernels. The
   * results of {@link dev.quern.op.shape.Reshape} and {@link dev.quern.op.shape.Slice} are views.
   *
   * @param operation what is computed; it says what it takes
   * @param inputs tensors of this engine
   * @return the results, owned by the current scope; they carry the faults of the inputs
   * @throws IllegalArgumentException if it does not take such inputs, naming both sides
   * @throws UnsupportedOperationException if the device does not compute in their dtype
   */
  public List<Tensor> apply(Operation operation, List<Tensor> inputs) {
    return operations.apply(operation, inputs);
  }

  /**
   * Applies an operation and writes its results where the caller says.
   *
   * @param operation what is computed
   * @param inputs tensors of this engine
   * @param outputs as many as there are results, of their types. One may be an input of an
   *     elementwise operation; else they overlap neither inputs nor each other, which is checked
   *     but for memory borrowed twice
   * @throws IllegalArgumentException if inputs or outputs do not fit, naming both sides
   * @throws UnsupportedOperationException if the device does not compute in their dtype
   */
  public void apply(Operation operation, List<Tensor> inputs, List<Tensor> outputs) {
    operations.apply(operation, inputs, outputs);
  }

  /**
   * Applies an operation and adds its results to what tensors hold: each result is rounded to its
   * dtype and then added, so the bits are those of the result added by {@link Tensor#add}. Matrix
   * products, slices, and copies of equal dtype and format need no memory for the result.
   *
   * @param operation what is computed
   * @param inputs tensors of this engine
   * @param outputs as many as there are results, of their types, F32 or F64; they overlap neither
   *     inputs nor each other
   * @throws IllegalArgumentException if inputs or outputs do not fit, naming both sides
   * @throws UnsupportedOperationException if the device does not compute in their dtype
   */
  public void accumulate(Operation operation, List<Tensor> inputs, List<Tensor> outputs) {
    operations.accumulate(operation, inputs, outputs);
  }

  /**
   * Lets a listener hear of every operation that this thread applies on this engine, after it was
   * enqueued and outside the engine's lock. A thread has one listener at a time; what that applies
   * itself it does not hear of.
   *
   * @param listener hears of them
   * @return ends it when closed, by this thread
   * @throws IllegalStateException if another listener hears of them already
   */
  public OperationListener.Registration listen(OperationListener listener) {
    return operations.listen(listener);
  }

  /**
   * Opens a scope on this thread; close it with try-with-resources.
   *
   * @return the scope, which now owns what this thread makes
   */
  public Scope openScope() {
    requireOpen();
    Scope scope = new Scope(this, current.get());
    current.set(scope);
    return scope;
  }

  /**
   * Runs something and frees the tensors it made on this thread, except those of its result.
   *
   * @param body what is run; a result that is a {@link Tensor} is kept, and so are the tensors in a
   *     {@link TensorGroup}, a collection, a map's values, an array or an optional
   * @param <T> the result's type
   * @param <X> what the body throws
   * @return the result of the body, null if that is null
   * @throws X what the body throws; then all its tensors are freed
   */
  public <T extends @Nullable Object, X extends Exception> T scoped(Scope.Body<T, X> body)
      throws X {
    try (Scope scope = openScope()) {
      T result = body.run();
      scope.keepAll(result);
      return result;
    }
  }

  /**
   * Runs something and frees the tensors it made on this thread.
   *
   * @param action what is run
   * @param <X> what it throws
   * @throws X what the action throws
   */
  public <X extends Exception> void scoped(Scope.Action<X> action) throws X {
    try (Scope _ = openScope()) {
      action.run();
    }
  }

  /**
   * Runs something again and again, each time in a scope, until it no longer becomes faster: until
   * programs are built and Java's compiler is done with what is called, so that the first call that
   * matters is as fast as the others. Ends after three seconds at the latest.
   *
   * @param work for example a loss of the shape to come, on zeros
   */
  public void warmUp(Runnable work) {
    WarmUp.run(() -> {
      scoped(work::run);
      synchronize();
    });
  }

  /**
   * Tells which tensors are open that belong to no scope, or to one that this thread has open.
   *
   * @return a line each, or one for several that are alike; with {@code -Dquern.leaks=true} it
   *     tells where they were made
   */
  public List<String> openTensors() {
    List<Tensor> open = new ArrayList<>(root.open());
    open.remove(one);
    for (Scope scope = current.get(); scope != null; scope = scope.outer()) {
      open.addAll(scope.open());
    }
    return OpenTensors.describe(open);
  }

  /**
   * Waits until everything enqueued is done. Faults in data are not reported here but to whoever
   * reads the result that they belong to.
   */
  public void synchronize() {
    locked(() -> {
      requireOpen();
      backend.synchronize();
      return null;
    });
  }

  /** Gives memory that is kept for reuse back to the device. */
  public void trim() {
    locked(() -> {
      requireOpen();
      allocator.trim();
      return null;
    });
  }

  /**
   * Closes all tensors, which copies borrowed memory back, frees all memory of this engine and
   * closes the device; idempotent. With {@code -Dquern.leaks=true} it logs what was still open.
   */
  @Override
  public void close() {
    locked(() -> {
      if (closed) {
        return null;
      }
      OpenTensors.logIfAsked(this);
      try {
        for (Scope s = current.get(); s != null; s = s.outer()) {
          s.closeTensors();
        }
        current.remove();
        root.closeTensors();
      } catch (DeviceException e) {
        // what failed on the device was or will be reported elsewhere; closing must go on
        LOG.log(System.Logger.Level.WARNING, "The device failed before its engine closed.", e);
      } finally {
        closed = true;
        resources.release();
        cleanable.clean();
      }
      return null;
    });
  }

  // What operations in other packages are built from.

  /**
   * Enqueues kernels under the engine's lock: for operations that are not here.
   *
   * @param work calls kernels on spans of this engine's tensors
   */
  public void submit(Consumer<Kernels> work) {
    lock.lock();
    try {
      requireOpen();
      work.accept(seen().kernels());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Enqueues kernels that need scratch memory.
   *
   * @param bytes asks the kernels how much
   * @param work calls kernels; the span given is U8, undefined, and theirs only during the call
   */
  public void submitWithScratch(ToLongFunction<Kernels> bytes, BiConsumer<Kernels, Span> work) {
    submit(kernels ->
        withScratch(
            bytes.applyAsLong(backend.kernels()), scratch -> work.accept(kernels, scratch)));
  }

  /**
   * Tells whether something can be prepared on this device.
   *
   * @param spec a loss, for example
   * @return yes, or no with the reason
   */
  public Support support(Spec<?> spec) {
    return backend.support(spec);
  }

  /**
   * Tells whether the device computes a family of kernels on a dtype.
   *
   * @param family the family
   * @param dtype the dtype of its main operand: for losses that of logits and gradient
   * @return yes, or no with the reason
   */
  public Support support(Class<? extends KernelFamily> family, DType dtype) {
    return backend.kernels().family(family).support(dtype);
  }

  /**
   * Prepares what kernels are called through, once per specification; programs are compiled outside
   * the engine's lock. 256 plans are kept, the most recently used.
   *
   * @param spec a loss, for example
   * @param <P> its kind of plan
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it
   */
  public <P extends Plan> P prepare(Spec<P> spec) {
    locked(() -> {
      requireOpen();
      plans.releaseUnheld();
      return null;
    });
    P plan = plans.prepare(spec);
    return observation.isOn() ? observation.before(plan) : plan;
  }

  /**
   * Returns the constant 1 on the device: the upstream gradient of a loss that nothing scales.
   *
   * @return F32, one element
   */
  public Tensor one() {
    return one;
  }

  /**
   * Opens a word in which kernels leave the least index of faulty data, for a result whose tensors
   * carry it.
   *
   * @param report says what is wrong, given the index
   * @return the word, clean; closed by the caller once the kernels are enqueued
   */
  public FaultWord openFaultWord(LongFunction<DataException> report) {
    return locked(() -> {
      requireOpen();
      return new FaultWord(this, faultBlocks.take(), report);
    });
  }

  /** Lends memory from the cache to kernels that are enqueued meanwhile: under the lock. */
  void withScratch(long bytes, Consumer<Span> work) {
    DeviceBuffer scratch = allocator.allocate(bytes);
    try {
      work.accept(Span.of(scratch, DType.U8, scratch.byteSize()));
    } finally {
      allocator.release(scratch);
    }
  }

  /** The backend, through what looks at its calls if anything does. */
  Backend seen() {
    return observation.isOn() ? observation.backend() : backend;
  }

  /** Copies to the device, in the order of the kernels. */
  void uploadTo(Span target, MemorySegment values) {
    seen().memory().upload(values, target.buffer(), target.byteOffset());
  }

  Scope root() {
    return root;
  }

  <T extends @Nullable Object> T locked(Supplier<T> body) {
    lock.lock();
    try {
      return body.get();
    } finally {
      lock.unlock();
    }
  }

  Downloads downloads() {
    return downloads;
  }

  /** A range of a block as host memory; null where the host cannot reach it. */
  @Nullable MemorySegment hostMemory(Span span) {
    MemorySegment block = backend.memory().hostMemory(span.buffer());
    return block == null ? null : block.asSlice(span.byteOffset(), span.byteSize());
  }

  /** Gives a view of an existing block to the current scope. */
  Tensor adopt(Storage storage, TensorType type, long offset) {
    Scope scope = current.get();
    return new Tensor(this, scope == null ? root : scope, storage, type, offset);
  }

  void leave(Scope scope) {
    if (closed) {
      return;
    }
    if (current.get() != scope) {
      throw new IllegalStateException(
          "Scopes close in the opposite order of opening, and an inner scope is still open.");
    }
    Scope outer = scope.outer();
    if (outer == null) {
      current.remove();
    } else {
      current.set(outer);
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The engine on " + backend.device().id() + " is closed.");
    }
  }
}
