package dev.quern;

import dev.quern.engine.HostFloats;
import dev.quern.engine.Storage;
import dev.quern.op.Convert;
import dev.quern.op.Fill;
import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.spi.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A dense array on an engine's device. Operations make new tensors, owned by the current scope;
 * they are enqueued and return at once, and only reading ({@link #item}, {@link #toFloatArray},
 * ...) waits. Operands belong to one engine and have equal shapes, or an {@link
 * IllegalArgumentException} says both.
 *
 * <p>The elements lie densely, row-major in the tensor's {@link #format}: those of a shape (N, C,
 * H, W) in the order N, H, W, C if that is CHANNELS_LAST. All copies from and to the host take and
 * give them in the order in which they lie; {@link #contiguous} comes first where the host wants
 * planes.
 */
public final class Tensor extends TensorOperations implements AutoCloseable {
  private final Engine engine;
  private final Storage storage;
  private final TensorType type;
  private final Span span;
  private Scope owner;
  private boolean closed;
  private final @Nullable Throwable madeAt;
  private @Nullable Throwable closedAt;
  private @Nullable MemorySegment copyBack;
  private List<FaultWord> faults = List.of();

  Tensor(Engine engine, Scope owner, Storage storage, TensorType type, long offset) {
    this.engine = engine;
    this.owner = owner;
    this.storage = storage;
    this.type = type;
    this.span = new Span(storage.buffer(), type.dtype(), offset, type.shape().elements());
    this.madeAt = OpenTensors.RECORDED ? new Throwable("made here") : null;
    owner.adopt(this);
  }

  /**
   * Returns the engine this tensor lives on.
   *
   * @return the engine
   */
  public Engine engine() {
    return engine;
  }

  /**
   * Returns the element type.
   *
   * @return the element type
   */
  public DType dtype() {
    return type.dtype();
  }

  /**
   * Returns the shape.
   *
   * @return the shape
   */
  public Shape shape() {
    return type.shape();
  }

  /**
   * Returns the order of the elements in memory.
   *
   * @return the memory format; CONTIGUOUS if both are the same order, as with one channel
   */
  public MemoryFormat format() {
    return type.format();
  }

  /**
   * Returns dtype, shape and format together.
   *
   * @return the type
   */
  public TensorType type() {
    return type;
  }

  /**
   * Returns the device memory, for {@link Engine#submit}.
   *
   * @return the range of the device buffer
   * @throws IllegalStateException after close
   */
  public Span span() {
    requireOpen();
    return span;
  }

  /**
   * Counts how often memory of this tensor was overwritten since it was made: by operations that
   * write into it, by copies, by optimizer steps; through this tensor or another view of the same
   * elements.
   *
   * @return a number that is greater after each time; what the host writes into memory that it can
   *     reach does not count
   */
  public long version() {
    return engine.locked(() -> storage.version(span.byteOffset(), span.byteSize()));
  }

  /** Counts as overwritten: for who enqueues kernels that write this tensor. */
  public void markWritten() {
    engine.locked(() -> {
      storage.written(span.byteOffset(), span.byteSize());
      return null;
    });
  }

  // Views and formats.

  /**
   * Looks at the same elements with another shape, in CONTIGUOUS format.
   *
   * @param dims the shape, with as many elements
   * @return a view; the memory lives until all views are closed. Of a tensor in CHANNELS_LAST
   *     format it is a copy, since the elements have to move
   */
  public Tensor reshape(long... dims) {
    return reshape(Shape.of(dims));
  }

  /**
   * Looks at the same elements with another shape, in CONTIGUOUS format.
   *
   * @param target the shape, with as many elements
   * @return a view; the memory lives until all views are closed. Of a tensor in CHANNELS_LAST
   *     format it is a copy, since the elements have to move
   * @throws IllegalArgumentException if it has another number of elements
   */
  public Tensor reshape(Shape target) {
    var reshape = new Reshape(target);
    if (type.is(MemoryFormat.CONTIGUOUS)) {
      return apply(reshape);
    }
    reshape.outputs(List.of(type.as(MemoryFormat.CONTIGUOUS)));
    try (Tensor copy = contiguous()) {
      return copy.apply(reshape);
    }
  }

  /**
   * Looks at consecutive entries of the outermost axis.
   *
   * @param from the first entry
   * @param to one past the last entry
   * @return a view in the same format; the memory lives until all views are closed
   */
  public Tensor slice(long from, long to) {
    return apply(new Slice(from, to));
  }

  /**
   * Brings the elements into CONTIGUOUS order: N, C, H, W, which losses and metrics of several
   * classes read.
   *
   * @return a copy, or a view if they lie so already
   */
  public Tensor contiguous() {
    return in(MemoryFormat.CONTIGUOUS);
  }

  /**
   * Brings the elements into CHANNELS_LAST order: N, H, W, C.
   *
   * @return a copy, or a view if they lie so already
   * @throws IllegalArgumentException if the shape is not (N, C, H, W)
   */
  public Tensor channelsLast() {
    return in(MemoryFormat.CHANNELS_LAST);
  }

  /** A copy in a format, or a view if the elements lie so already. */
  Tensor in(MemoryFormat order) {
    if (!type.as(order).equals(type)) {
      return apply(new ToFormat(order));
    }
    return apply(
        type.is(MemoryFormat.CONTIGUOUS) ? new Reshape(shape()) : new Slice(0, shape().dim(0)));
  }

  // Host and lifetime.

  /**
   * Sets every element; the tensor keeps its identity.
   *
   * @param value the value, converted to the dtype as Java casts
   */
  public void fill(double value) {
    engine.apply(new Fill(value, type), List.of(), List.of(this));
  }

  /**
   * Overwrites the elements from host memory.
   *
   * @param values as many bytes, in native byte order
   */
  public void copyFrom(MemorySegment values) {
    requireBytes(values);
    if (values.byteSize() > 0) {
      engine.submit(b -> {
        engine.uploadTo(span(), values);
        setFaults(List.of());
        markWritten();
      });
    }
  }

  /**
   * Overwrites the elements from an array.
   *
   * @param values as many floats; the dtype is F32
   */
  public void copyFrom(float[] values) {
    requireDtype(DType.F32, "copyFrom(float[])");
    copyFrom(MemorySegment.ofArray(values));
  }

  /**
   * Overwrites the elements from what remains of a buffer, of whatever byte order; position and
   * limit stay.
   *
   * @param values as many floats; the dtype is F32
   */
  public void copyFrom(FloatBuffer values) {
    requireDtype(DType.F32, "copyFrom(FloatBuffer)");
    copyFrom(HostFloats.source(values));
  }

  /**
   * Overwrites the elements from another tensor of this engine, on the device.
   *
   * @param other of equal dtype and shape, in whatever format
   */
  public void copyFrom(Tensor other) {
    requireSameEngine(other);
    if (other.dtype() != dtype() || !other.shape().equals(shape())) {
      throw new IllegalArgumentException(
          "copyFrom needs a tensor of %s %s, got %s %s."
              .formatted(dtype(), shape(), other.dtype(), other.shape()));
    }
    Operation copy = other.format() == format() ? new Convert(dtype()) : new ToFormat(format());
    engine.apply(copy, List.of(other), List.of(this));
  }

  /**
   * Copies the elements to host memory and waits.
   *
   * @param target as many bytes
   * @throws DataException if the elements come of faulty data, such as a label out of range; they
   *     are copied all the same
   */
  public void copyTo(MemorySegment target) {
    requireBytes(target);
    engine.locked(() -> {
      engine.downloads().now(span(), target, faults);
      return null;
    });
  }

  /**
   * Copies the elements to what remains of a buffer, in the buffer's byte order, and waits;
   * position and limit stay.
   *
   * @param target as many floats; the dtype is F32
   * @throws DataException if the elements come of faulty data; they are copied all the same
   */
  public void copyTo(FloatBuffer target) {
    requireDtype(DType.F32, "copyTo(FloatBuffer)");
    if (target.order() == ByteOrder.nativeOrder()) {
      copyTo(MemorySegment.ofBuffer(target));
      return;
    }
    float[] values = new float[target.remaining()];
    try {
      copyTo(MemorySegment.ofArray(values));
    } finally {
      target.duplicate().put(values);
    }
  }

  /**
   * Looks at the elements where they lie, on a backend that computes in the host's memory.
   *
   * @return the tensor's memory, in native byte order, row-major in its {@link #format}; what is
   *     written there is seen by later operations. Valid until the tensor is closed: then the
   *     engine reuses it. Empty on devices with memory of their own
   */
  public Optional<MemorySegment> hostMemory() {
    return engine.locked(() -> Optional.ofNullable(engine.hostMemory(span())));
  }

  /**
   * Copies the elements to an array and waits.
   *
   * @return the elements of an F32 tensor, in the order in which they lie
   * @throws IllegalArgumentException if it has another dtype, or more elements than an array holds
   */
  public float[] toFloatArray() {
    requireDtype(DType.F32, "toFloatArray");
    float[] values = new float[arrayLength()];
    copyTo(MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Copies the elements to an array and waits.
   *
   * @return the elements of an F64 tensor, in the order in which they lie
   * @throws IllegalArgumentException if it has another dtype, or more elements than an array holds
   */
  public double[] toDoubleArray() {
    requireDtype(DType.F64, "toDoubleArray");
    double[] values = new double[arrayLength()];
    copyTo(MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Copies the elements to an array and waits.
   *
   * @return the elements of a U8 tensor, in the order in which they lie
   * @throws IllegalArgumentException if it has another dtype, or more elements than an array holds
   */
  public byte[] toByteArray() {
    requireDtype(DType.U8, "toByteArray");
    byte[] values = new byte[arrayLength()];
    copyTo(MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Copies the elements to an array and waits.
   *
   * @return the elements of an I32 tensor, in the order in which they lie
   * @throws IllegalArgumentException if it has another dtype, or more elements than an array holds
   */
  public int[] toIntArray() {
    requireDtype(DType.I32, "toIntArray");
    int[] values = new int[arrayLength()];
    copyTo(MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Copies the elements to an array and waits.
   *
   * @return the elements of an I64 tensor, in the order in which they lie
   * @throws IllegalArgumentException if it has another dtype, or more elements than an array holds
   */
  public long[] toLongArray() {
    requireDtype(DType.I64, "toLongArray");
    long[] values = new long[arrayLength()];
    copyTo(MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Reads the only element and waits.
   *
   * @return the element of an F32 tensor with one element
   * @throws DataException if it comes of faulty data, such as a label out of range
   */
  public float item() {
    requireSingle();
    return toFloatArray()[0];
  }

  /**
   * Starts reading the only element without waiting, so that it can be looked at a step later.
   *
   * @return the value under way; a fault in the data it comes of is reported when it is awaited
   */
  public PendingValue itemLater() {
    requireSingle();
    return engine.locked(() -> engine.downloads().later(span(), faults));
  }

  /**
   * Copies to another engine.
   *
   * @param target the engine
   * @return a copy there, owned by that engine's current scope
   */
  public Tensor to(Engine target) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment values = arena.allocate(Math.max(1, span().byteSize()), 8);
      MemorySegment exact = values.asSlice(0, span.byteSize());
      copyTo(exact);
      return target.upload(exact, dtype(), shape(), format());
    }
  }

  /**
   * Makes this tensor outlive every scope: it then lives until it is closed, or its engine is.
   *
   * @return this
   */
  public Tensor detach() {
    requireOpen();
    moveTo(engine.root());
    return this;
  }

  /** Gives the memory back after the work enqueued on it; idempotent. */
  @Override
  public void close() {
    engine.locked(() -> {
      if (closed) {
        return null;
      }
      try {
        MemorySegment target = copyBack;
        if (target != null) {
          engine.downloads().now(span, target, faults);
        }
      } finally {
        closed = true;
        if (OpenTensors.RECORDED) {
          closedAt = new Throwable("closed here");
        }
        owner.forget(this);
        storage.release();
        setFaults(List.of());
      }
      return null;
    });
  }

  @Override
  public String toString() {
    return type + " on " + engine.device().id();
  }

  @Nullable Throwable madeAt() {
    return madeAt;
  }

  Scope owner() {
    return owner;
  }

  void moveTo(Scope scope) {
    engine.locked(() -> {
      owner.forget(this);
      owner = scope;
      scope.adopt(this);
      return null;
    });
  }

  void copyBackTo(MemorySegment target) {
    copyBack = target;
  }

  /** Adds to the fault words that reading this tensor reports. */
  void carry(List<FaultWord> words) {
    engine.locked(() -> {
      setFaults(FaultWord.union(faults, words));
      return null;
    });
  }

  /** Under the engine's lock. */
  List<FaultWord> faults() {
    return faults;
  }

  /** Under the engine's lock. */
  void setFaults(List<FaultWord> words) {
    words.forEach(FaultWord::retain);
    faults.forEach(FaultWord::release);
    faults = words;
  }

  @Override
  Tensor self() {
    return this;
  }

  @Override
  Tensor apply(Operation operation, Tensor... others) {
    var inputs = new ArrayList<Tensor>(1 + others.length);
    inputs.add(this);
    inputs.addAll(List.of(others));
    return engine.apply(operation, inputs).getFirst();
  }

  /** Looks at a part of the same memory: under the engine's lock. */
  Tensor view(long offset, TensorType target) {
    storage.retain();
    Tensor view = engine.adopt(storage, target, offset);
    view.setFaults(faults);
    return view;
  }

  /**
   * Checks that another tensor lives on the same engine.
   *
   * @param other the other operand
   * @throws IllegalArgumentException naming both engines and the remedy
   */
  public void requireSameEngine(Tensor other) {
    if (engine != other.engine) {
      throw new IllegalArgumentException(
          "The tensors %s and %s live on different engines; bring them together with t.to(engine)."
              .formatted(this, other));
    }
  }

  private void requireDtype(DType needed, String operation) {
    if (dtype() != needed) {
      throw new IllegalArgumentException(
          "%s needs %s, but the tensor is %s; convert it with toF32, or make it so."
              .formatted(operation, needed, dtype()));
    }
  }

  private void requireBytes(MemorySegment values) {
    if (values.byteSize() != span().byteSize()) {
      throw new IllegalArgumentException(
          "The tensor %s holds %d bytes, but the host memory has %d."
              .formatted(this, span.byteSize(), values.byteSize()));
    }
  }

  private int arrayLength() {
    if (shape().elements() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "An array holds less than 2^31 elements, but the tensor %s has %d: read it with copyTo, or slice by slice."
              .formatted(this, shape().elements()));
    }
    return (int) shape().elements();
  }

  private void requireSingle() {
    requireDtype(DType.F32, "item");
    if (shape().elements() != 1) {
      throw new IllegalArgumentException(
          "item reads a tensor with one element, but the shape is " + shape() + ".");
    }
  }

  private void requireOpen() {
    engine.requireOpen();
    if (closed) {
      IllegalStateException e =
          new IllegalStateException(
              "The tensor %s is closed%s."
                  .formatted(
                      this,
                      OpenTensors.RECORDED ? "" : "; run with -Dquern.leaks=true to see where"));
      Throwable where = closedAt;
      if (where != null) {
        e.initCause(where);
      }
      throw e;
    }
  }
}
