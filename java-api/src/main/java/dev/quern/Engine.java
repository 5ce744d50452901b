package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.PendingValue.PendingWord;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.PendingDownload;
import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;
import dev.quern.spi.tensor.PhiloxStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
public final class Engine implements AutoCloseable {
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
  private final ArrayDeque<MemorySegment> slots = new ArrayDeque<>();
  private final MemorySegment slotCopy = arena.allocate(FaultWord.SLOT_BYTES, Long.BYTES);
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

  /**
   * Makes a tensor with undefined content.
   *
   * @param dtype the element type
   * @param shape the shape
   * @return the tensor, owned by the current scope
   */
  public Tensor empty(DType dtype, Shape shape) {
    return locked(() -> {
      requireOpen();
      long bytes = Math.max(1, bytes(dtype, shape));
      DeviceBuffer buffer = allocator.allocate(bytes);
      return adopt(new Storage(buffer, () -> allocator.release(buffer)), dtype, shape);
    });
  }

  /**
   * Makes a tensor of zeros.
   *
   * @param dtype F32, I64, I32 or U8
   * @param shape the shape
   * @return the tensor, owned by the current scope
   */
  public Tensor zeros(DType dtype, Shape shape) {
    return written(empty(dtype, shape), tensor -> tensor.fill(0));
  }

  /**
   * Copies floats to the device.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(float[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.F32, Shape.of(dims));
  }

  /**
   * Copies bytes to the device.
   *
   * @param values the elements, row-major, read as unsigned
   * @param dims the shape
   * @return a U8 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(byte[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.U8, Shape.of(dims));
  }

  /**
   * Copies integers to the device: labels.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an I32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(int[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.I32, Shape.of(dims));
  }

  /**
   * Copies integers to the device: labels.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an I64 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(long[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.I64, Shape.of(dims));
  }

  /**
   * Copies a mask to the device.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return a U8 tensor, 1 where a value is true and 0 elsewhere, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(boolean[] values, long... dims) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return tensor(bytes, dims);
  }

  /**
   * Copies a part of an array to the device.
   *
   * @param values holds the elements, row-major
   * @param from the index of the first
   * @param shape the shape, which says how many there are
   * @return an F32 tensor, owned by the current scope
   * @throws IndexOutOfBoundsException if the array ends before
   */
  public Tensor tensor(float[] values, int from, Shape shape) {
    Objects.checkFromIndexSize(from, shape.elements(), values.length);
    long bytes = shape.elements() * Float.BYTES;
    MemorySegment part = MemorySegment.ofArray(values).asSlice((long) from * Float.BYTES, bytes);
    return upload(part, DType.F32, shape);
  }

  /**
   * Copies what remains of a buffer to the device, of whatever byte order; position and limit stay.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(FloatBuffer values, long... dims) {
    return upload(HostFloats.source(values), DType.F32, Shape.of(dims));
  }

  /**
   * Copies what remains of a buffer to the device; position and limit stay.
   *
   * @param values the elements, row-major, read as unsigned
   * @param dims the shape
   * @return a U8 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(ByteBuffer values, long... dims) {
    return upload(MemorySegment.ofBuffer(values), DType.U8, Shape.of(dims));
  }

  /**
   * Copies host memory to the device.
   *
   * @param values the elements, row-major, in native byte order, which Java's buffers have only if
   *     {@code order(ByteOrder.nativeOrder())} was called on them
   * @param dtype their type
   * @param shape the shape
   * @return the tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor upload(MemorySegment values, DType dtype, Shape shape) {
    requireSize(values, dtype, shape);
    return written(empty(dtype, shape), tensor -> tensor.copyFrom(values));
  }

  /**
   * Lends host memory to the engine until the tensor is closed, by the current scope or, made
   * without one or detached, by the caller or the engine: without a copy where the device can
   * (native memory aligned to 4 bytes on the CPU backends), else copied in, and, if written, copied
   * back when the tensor closes.
   *
   * @param memory heap or native memory that outlives the tensor
   * @param access whether it may be written
   * @param dtype the element type
   * @param shape the shape
   * @return a tensor over it, owned by the current scope
   * @throws IllegalArgumentException if sizes differ, or READ_WRITE memory is read-only
   */
  public Tensor borrow(MemorySegment memory, Access access, DType dtype, Shape shape) {
    requireSize(memory, dtype, shape);
    boolean write = access == Access.READ_WRITE;
    if (write && memory.isReadOnly()) {
      throw new IllegalArgumentException("READ_WRITE was asked for memory that is read-only.");
    }
    DeviceBuffer wrapped = backend.memory().wrap(memory);
    if (wrapped == null) {
      Tensor copy = upload(memory, dtype, shape);
      if (write) {
        copy.copyBackTo(memory);
      }
      return copy;
    }
    Runnable release =
        () -> {
          backend.synchronize();
          backend.memory().release(wrapped);
        };
    return locked(() -> adopt(new Storage(wrapped, release), dtype, shape));
  }

  /**
   * Lends an array to the engine until the tensor is closed.
   *
   * @param values the elements
   * @param access whether they may be written; what was written is there when the tensor is closed
   * @param dims the shape
   * @return a tensor over it, owned by the current scope
   */
  public Tensor borrow(float[] values, Access access, long... dims) {
    return borrow(MemorySegment.ofArray(values), access, DType.F32, Shape.of(dims));
  }

  /**
   * Draws uniform random numbers in [0, 1): the same on every backend.
   *
   * @param stream which sequence
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   */
  public Tensor uniform(PhiloxStream stream, long... dims) {
    return written(
        empty(DType.F32, Shape.of(dims)),
        tensor -> submit(b -> b.random().uniform(stream, 0, tensor.span())));
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
    lock.lock();
    try {
      requireOpen();
      DeviceBuffer scratch = allocator.allocate(bytes.applyAsLong(backend.kernels()));
      try {
        work.accept(seen().kernels(), Span.of(scratch, DType.U8, scratch.byteSize()));
      } finally {
        allocator.release(scratch);
      }
    } finally {
      lock.unlock();
    }
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
      return faultBlocks.open(this, report);
    });
  }

  /** The backend, through what looks at its calls if anything does. */
  private Backend seen() {
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

  /** Copies to the host, and then reports the first fault in what was copied. */
  void download(Span source, MemorySegment target, List<FaultWord> faults) {
    locked(() -> {
      requireOpen();
      FaultWord beside = beside(source, faults);
      if (beside == null) {
        seen().memory().download(source.buffer(), source.byteOffset(), target);
      } else {
        seen().memory().download(source.buffer(), source.byteOffset(), slotCopy);
        target.copyFrom(slotCopy.asSlice(0, source.byteSize()));
        if (beside.isFinal()) {
          beside.note(slotCopy.get(JAVA_LONG, FaultWord.WORD_OFFSET));
        }
      }
      for (FaultWord fault : faults) {
        fault.throwIf(fault.index());
      }
      return null;
    });
  }

  /** A range of a block as host memory; null where the host cannot reach it. */
  @Nullable MemorySegment hostMemory(Span span) {
    MemorySegment block = backend.memory().hostMemory(span.buffer());
    return block == null ? null : block.asSlice(span.byteOffset(), span.byteSize());
  }

  /** Reads a word and waits. */
  long downloadLong(Span source) {
    return locked(() -> {
      requireOpen();
      MemorySegment word = slotCopy.asSlice(0, Long.BYTES);
      backend.memory().download(source.buffer(), source.byteOffset(), word);
      return word.get(JAVA_LONG, 0);
    });
  }

  PendingValue downloadLater(Span source, List<FaultWord> faults) {
    return locked(() -> {
      requireOpen();
      FaultWord beside = beside(source, faults);
      var words = new ArrayList<PendingWord>();
      for (FaultWord fault : faults) {
        if (fault != beside) {
          MemorySegment slot = takeSlot();
          MemorySegment word = slot.asSlice(FaultWord.WORD_OFFSET);
          words.add(
              new PendingWord(fault, slot, startDownload(fault.span(), word), fault.isFinal()));
        }
      }
      MemorySegment slot = takeSlot();
      PendingDownload download =
          startDownload(source, beside == null ? slot.asSlice(0, source.byteSize()) : slot);
      if (beside != null) {
        words.add(new PendingWord(beside, slot, download, beside.isFinal()));
      }
      return new PendingValue(this, slot, download, words);
    });
  }

  private PendingDownload startDownload(Span source, MemorySegment target) {
    return seen().memory().downloadLater(source.buffer(), source.byteOffset(), target);
  }

  /** The one of the words that can be read together with a number, if any. */
  private static @Nullable FaultWord beside(Span source, List<FaultWord> faults) {
    for (FaultWord fault : faults) {
      if (fault.isBeside(source)) {
        return fault;
      }
    }
    return null;
  }

  private MemorySegment takeSlot() {
    MemorySegment slot = slots.poll();
    return slot == null ? arena.allocate(FaultWord.SLOT_BYTES, Long.BYTES) : slot;
  }

  /** Under the lock. */
  void returnSlot(MemorySegment slot) {
    slots.add(slot);
  }

  /** Gives a view of an existing block to the current scope. */
  Tensor adopt(Storage storage, DType dtype, Shape shape) {
    return adopt(storage, dtype, 0, shape, MemoryFormat.CONTIGUOUS);
  }

  Tensor adopt(Storage storage, DType dtype, long offset, Shape shape, MemoryFormat format) {
    Scope scope = current.get();
    return new Tensor(this, scope == null ? root : scope, storage, dtype, offset, shape, format);
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

  /** Writes a new tensor; if that fails, it is not left behind. */
  private static Tensor written(Tensor made, Consumer<Tensor> write) {
    try {
      write.accept(made);
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private static long bytes(DType dtype, Shape shape) {
    if (shape.elements() > Long.MAX_VALUE / dtype.bytes()) {
      throw new IllegalArgumentException(
          "A tensor has less than 2^63 bytes, but shape %s of %s has more."
              .formatted(shape, dtype));
    }
    return shape.elements() * dtype.bytes();
  }

  private static void requireSize(MemorySegment values, DType dtype, Shape shape) {
    long needed = bytes(dtype, shape);
    if (values.byteSize() != needed) {
      throw new IllegalArgumentException(
          "Shape %s of %s needs %d elements, but %d are given."
              .formatted(shape, dtype, shape.elements(), values.byteSize() / dtype.bytes()));
    }
  }
}
