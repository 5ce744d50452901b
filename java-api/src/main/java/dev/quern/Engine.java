package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.PendingValue.PendingWord;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.PendingDownload;
import dev.quern.spi.PhiloxStream;
import dev.quern.spi.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  private final Backend backend;
  private final Observation observation;
  private final ReentrantLock lock = new ReentrantLock();
  private final Allocator allocator;
  private final Scope root = new Scope(this, null);

  @SuppressWarnings("ThreadLocalUsage") // per engine on purpose: a thread may use several at once
  private final ThreadLocal<@Nullable Scope> current = new ThreadLocal<>();

  private final Map<FusedLossSpec, FusedLossPlan> plans = new HashMap<>();
  private final Map<LovaszSpec, LovaszPlan> lovaszPlans = new HashMap<>();
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
  @SuppressWarnings("this-escape") // tensors need their engine; nothing else sees it yet
  public Engine(Backend backend) {
    this.backend = backend;
    this.observation = new Observation(backend);
    this.allocator = new Allocator(backend);
    this.faultBlocks = new FaultBlocks(backend, allocator, arena);
    try {
      this.one = empty(DType.F32, Shape.of(1)).detach();
      submit(b -> b.pointwise().fill(one.span(), 1));
    } catch (RuntimeException e) {
      backend.close();
      throw e;
    }
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
    return Backends.openBest();
  }

  /**
   * Opens a device by name.
   *
   * @param name a backend, or a backend and a device number: {@code simd}, {@code opencl:1}
   * @return the engine, owned by the caller
   * @throws BackendUnavailableException if it cannot be used, with the reasons and what can
   */
  public static Engine open(String name) {
    return Backends.open(name);
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
    Tensor tensor = empty(dtype, shape);
    tensor.fill(0);
    return tensor;
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
   * Copies host memory to the device.
   *
   * @param values the elements, row-major, in native byte order
   * @param dtype their type
   * @param shape the shape
   * @return the tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor upload(MemorySegment values, DType dtype, Shape shape) {
    requireSize(values, dtype, shape);
    Tensor tensor = empty(dtype, shape);
    tensor.copyFrom(values);
    return tensor;
  }

  /**
   * Lends host memory to the engine until the current scope closes: without a copy where the device
   * can (native memory aligned to 4 bytes on the CPU backends), else copied in, and, if written,
   * copied back when the scope closes.
   *
   * @param memory heap or native memory that outlives the scope
   * @param access whether it may be written
   * @param dtype the element type
   * @param shape the shape
   * @return a tensor over it, owned by the current scope
   * @throws IllegalStateException without an open scope
   * @throws IllegalArgumentException if sizes differ, or READ_WRITE memory is read-only
   */
  public Tensor borrow(MemorySegment memory, Access access, DType dtype, Shape shape) {
    requireSize(memory, dtype, shape);
    if (current.get() == null) {
      throw new IllegalStateException(
          "Memory is lent until a scope closes, and none is open: call borrow inside"
              + " engine.scoped.");
    }
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
   * Lends an array to the engine until the current scope closes.
   *
   * @param values the elements
   * @param access whether they may be written; what was written is there when the scope is closed
   * @param dims the shape
   * @return a tensor over it, owned by the current scope
   * @throws IllegalStateException without an open scope
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
    Tensor tensor = empty(DType.F32, Shape.of(dims));
    submit(b -> b.random().uniform(stream, 0, tensor.span()));
    return tensor;
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
   * Runs something and frees the tensors it made, except its result.
   *
   * @param body what is run; a result that is a {@link Tensor} or a {@link TensorGroup} is kept
   * @param <T> the result's type
   * @return the result of the body
   */
  public <T> T scoped(Supplier<T> body) {
    try (Scope scope = openScope()) {
      T result = body.get();
      switch (result) {
        case Tensor tensor -> keepIfOwned(scope, tensor);
        case TensorGroup group -> group.tensors().forEach(t -> keepIfOwned(scope, t));
        default -> {}
      }
      return result;
    }
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

  /** Frees all memory of this engine and closes the device; idempotent. */
  @Override
  public void close() {
    locked(() -> {
      if (closed) {
        return null;
      }
      try {
        for (Scope s = current.get(); s != null; s = s.outer()) {
          s.closeTensors();
        }
        current.remove();
        allocator.close();
      } catch (DeviceException e) {
        // what failed on the device was or will be reported elsewhere; closing must go on
        LOG.log(System.Logger.Level.WARNING, "The device failed before its engine closed.", e);
      } finally {
        closed = true;
        arena.close();
        backend.close();
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
  public void submit(Consumer<Backend> work) {
    lock.lock();
    try {
      requireOpen();
      work.accept(seen());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Enqueues kernels that need scratch memory.
   *
   * @param bytes asks the backend how much
   * @param work calls kernels; the span given is U8, undefined, and theirs only during the call
   */
  public void submitWithScratch(ToLongFunction<Backend> bytes, BiConsumer<Backend, Span> work) {
    lock.lock();
    try {
      requireOpen();
      DeviceBuffer scratch = allocator.allocate(bytes.applyAsLong(backend));
      try {
        work.accept(seen(), Span.of(scratch, DType.U8, scratch.byteSize()));
      } finally {
        allocator.release(scratch);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Tells whether the device computes a family of kernels on a dtype.
   *
   * @param family the family
   * @param dtype the dtype of its main operand: for losses that of logits and gradient
   * @return whether it does
   */
  public boolean supports(KernelFamily family, DType dtype) {
    return backend.supports(family, dtype);
  }

  /**
   * Prepares a fused loss, once per specification.
   *
   * @param spec the loss
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it
   */
  public FusedLossPlan prepare(FusedLossSpec spec) {
    return locked(() -> {
      requireOpen();
      FusedLossPlan plan = plans.computeIfAbsent(spec, backend.segmentation()::prepare);
      return observation.isOn() ? observation.of(FusedLossPlan.class, plan) : plan;
    });
  }

  /**
   * Prepares a Lovasz loss, once per specification.
   *
   * @param spec the loss
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it
   */
  public LovaszPlan prepare(LovaszSpec spec) {
    return locked(() -> {
      requireOpen();
      LovaszPlan plan = lovaszPlans.computeIfAbsent(spec, backend.lovasz()::prepare);
      return observation.isOn() ? observation.of(LovaszPlan.class, plan) : plan;
    });
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

  private static void keepIfOwned(Scope scope, Tensor tensor) {
    if (tensor.owner() == scope) {
      scope.keep(tensor);
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
