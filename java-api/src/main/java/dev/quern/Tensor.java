package dev.quern;

import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A dense array on an engine's device. Operations make new tensors, owned by the current scope;
 * they are enqueued and return at once, and only reading ({@link #item}, {@link #toFloatArray},
 * ...) waits. Operands belong to one engine and have equal shapes, or an {@link
 * IllegalArgumentException} says both.
 */
public final class Tensor implements AutoCloseable {
  private final Engine engine;
  private final Storage storage;
  private final DType dtype;
  private final Shape shape;
  private final MemoryFormat format;
  private final Span span;
  private Scope owner;
  private boolean closed;
  private final @Nullable Throwable madeAt;
  private @Nullable Throwable closedAt;
  private @Nullable MemorySegment copyBack;
  private List<FaultWord> faults = List.of();

  Tensor(
      Engine engine,
      Scope owner,
      Storage storage,
      DType dtype,
      long offset,
      Shape shape,
      MemoryFormat format) {
    this.engine = engine;
    this.owner = owner;
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.format = format;
    this.span = new Span(storage.buffer, dtype, offset, shape.elements());
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
    return dtype;
  }

  /**
   * Returns the shape.
   *
   * @return the shape
   */
  public Shape shape() {
    return shape;
  }

  /**
   * Returns the order of the elements in memory.
   *
   * @return the memory format
   */
  public MemoryFormat format() {
    return format;
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

  // Arithmetic.

  /**
   * Adds elementwise.
   *
   * @param other F32, of equal shape
   * @return this + other
   */
  public Tensor add(Tensor other) {
    return binary(BinaryOp.ADD, other);
  }

  /**
   * Subtracts elementwise.
   *
   * @param other F32, of equal shape
   * @return this - other
   */
  public Tensor subtract(Tensor other) {
    return binary(BinaryOp.SUBTRACT, other);
  }

  /**
   * Multiplies elementwise.
   *
   * @param other F32, of equal shape
   * @return this * other
   */
  public Tensor multiply(Tensor other) {
    return binary(BinaryOp.MULTIPLY, other);
  }

  /**
   * Divides elementwise.
   *
   * @param other F32, of equal shape
   * @return this / other
   */
  public Tensor divide(Tensor other) {
    return binary(BinaryOp.DIVIDE, other);
  }

  /**
   * Takes the larger element; NaN wins.
   *
   * @param other F32, of equal shape
   * @return max(this, other)
   */
  public Tensor maximum(Tensor other) {
    return binary(BinaryOp.MAX, other);
  }

  /**
   * Takes the smaller element; NaN wins.
   *
   * @param other F32, of equal shape
   * @return min(this, other)
   */
  public Tensor minimum(Tensor other) {
    return binary(BinaryOp.MIN, other);
  }

  /**
   * Keeps elements where a mask is not 0; elsewhere the result is 0, even for NaN.
   *
   * @param mask F32, of equal shape
   * @return the masked tensor
   */
  public Tensor where(Tensor mask) {
    return binary(BinaryOp.SELECT, mask);
  }

  /**
   * Multiplies by a number.
   *
   * @param factor the number
   * @return this * factor
   */
  public Tensor scale(float factor) {
    requireDtype(DType.F32, "scale");
    Tensor out = result(dtype, shape, this);
    return written(out, b -> b.pointwise().scale(span(), factor, out.span()));
  }

  /**
   * Computes 1 / (1 + e^-x) elementwise.
   *
   * @return the sigmoid
   */
  public Tensor sigmoid() {
    return unary(UnaryOp.SIGMOID);
  }

  /**
   * Computes ln(1 + e^x) elementwise, without overflow.
   *
   * @return the softplus
   */
  public Tensor softplus() {
    return unary(UnaryOp.SOFTPLUS);
  }

  /**
   * Computes e^x elementwise.
   *
   * @return the exponential
   */
  public Tensor exp() {
    return unary(UnaryOp.EXP);
  }

  /**
   * Computes the natural logarithm elementwise.
   *
   * @return ln(this): -infinity for 0, NaN for negative elements
   */
  public Tensor log() {
    return unary(UnaryOp.LOG);
  }

  /**
   * Tells the signs of the elements.
   *
   * @return 1 where this is positive, -1 where it is negative, 0 where it is 0 or NaN
   */
  public Tensor sign() {
    return unary(UnaryOp.SIGN);
  }

  /**
   * Tells where the elements differ from a value; NaN differs from everything.
   *
   * @param value the value
   * @return F32, 1 where this != value, else 0
   */
  public Tensor notEqual(float value) {
    Tensor out = result(DType.F32, shape, this);
    return written(out, b -> b.pointwise().notEqual(span(), value, out.span()));
  }

  /**
   * Converts to F32, rounding to the nearest.
   *
   * @return a copy of a U8, I32, I64 or F32 tensor as F32
   */
  public Tensor toF32() {
    if (dtype != DType.U8 && dtype != DType.I32 && dtype != DType.I64 && dtype != DType.F32) {
      throw new IllegalArgumentException("toF32 converts U8, I32, I64 and F32, not " + dtype + ".");
    }
    Tensor out = result(DType.F32, shape, this);
    return written(out, b -> b.pointwise().copy(span(), out.span()));
  }

  /**
   * Adds a vector along one axis, the same for all other indices.
   *
   * @param vector F32, of rank 1, as long as that axis
   * @param axis the axis; negative counts from the innermost, -1
   * @return the sum
   */
  public Tensor addBroadcast(Tensor vector, int axis) {
    requireDtype(DType.F32, "addBroadcast");
    requireSameEngine(vector);
    int index = axis < 0 ? axis + shape.rank() : axis;
    if (!vector.shape.equals(Shape.of(shape.dim(index)))) {
      throw new IllegalArgumentException(
          "addBroadcast along axis %d of %s needs a vector of shape (%d), got %s."
              .formatted(axis, shape, shape.dim(index), vector.shape));
    }
    long inner = 1;
    for (int i = index + 1; i < shape.rank(); i++) {
      inner *= shape.dim(i);
    }
    long innerExtent = inner;
    Tensor out = result(dtype, shape, this, vector);
    return written(
        out, b -> b.pointwise().addBroadcast(span(), vector.span(), innerExtent, out.span()));
  }

  /**
   * Sums all elements, in a fixed order.
   *
   * @return F32, shape (1)
   */
  public Tensor sum() {
    requireDtype(DType.F32, "sum");
    Tensor out = result(DType.F32, Shape.of(1), this);
    return written(
        out,
        b -> b.reduction().scratchBytes(shape.elements()),
        (b, scratch) -> b.reduction().sum(span(), out.span(), scratch));
  }

  /**
   * Multiplies matrices.
   *
   * @param other F32, k x n
   * @return this (m x k) * other
   */
  public Tensor matmul(Tensor other) {
    return matmul(other, false, false);
  }

  /**
   * Multiplies matrices, either of them transposed.
   *
   * @param other F32, k x n, or n x k if transposed
   * @param transposeThis whether this is k x m and used transposed
   * @param transposeOther whether the other is used transposed
   * @return an m x n tensor
   */
  public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
    requireDtype(DType.F32, "matmul");
    requireSameEngine(other);
    if (shape.rank() != 2 || other.shape.rank() != 2) {
      throw new IllegalArgumentException(
          "matmul needs two matrices, got shapes " + shape + " and " + other.shape + ".");
    }
    long m = shape.dim(transposeThis ? 1 : 0);
    long k = shape.dim(transposeThis ? 0 : 1);
    long n = other.shape.dim(transposeOther ? 0 : 1);
    if (other.shape.dim(transposeOther ? 1 : 0) != k) {
      throw new IllegalArgumentException(
          "matmul of %s%s and %s%s: the inner extents differ."
              .formatted(
                  shape,
                  transposeThis ? " transposed" : "",
                  other.shape,
                  transposeOther ? " transposed" : ""));
    }
    Tensor out = result(DType.F32, Shape.of(m, n), this, other);
    return written(
        out,
        b -> b.matrix().scratchBytes(m, n, k),
        (b, scratch) ->
            b.matrix()
                .multiply(
                    transposeThis,
                    transposeOther,
                    m,
                    n,
                    k,
                    span(),
                    other.span(),
                    out.span(),
                    scratch));
  }

  // Views.

  /**
   * Looks at the same elements with another shape, in CONTIGUOUS format.
   *
   * @param dims the shape, with as many elements
   * @return a view; the memory lives until all views are closed
   */
  public Tensor reshape(long... dims) {
    return reshape(Shape.of(dims));
  }

  /**
   * Looks at the same elements with another shape, in CONTIGUOUS format.
   *
   * @param target the shape, with as many elements
   * @return a view; the memory lives until all views are closed
   * @throws IllegalArgumentException if it has another number of elements
   */
  public Tensor reshape(Shape target) {
    if (target.elements() != shape.elements()) {
      throw new IllegalArgumentException(
          "Shape %s of %d elements cannot become %s of %d elements."
              .formatted(shape, shape.elements(), target, target.elements()));
    }
    return view(span().offset(), target);
  }

  /**
   * Looks at consecutive entries of the outermost axis.
   *
   * @param from the first entry
   * @param to one past the last entry
   * @return a view; the memory lives until all views are closed
   */
  public Tensor slice(long from, long to) {
    long extent = shape.dim(0);
    if (from < 0 || to < from || to > extent) {
      throw new IllegalArgumentException(
          "Slice [%d, %d) does not lie in axis 0 of shape %s.".formatted(from, to, shape));
    }
    return view(span().offset() + from * shape.elementsFrom(1), shape.with(0, to - from));
  }

  // Host and lifetime.

  /**
   * Sets every element; the tensor keeps its identity.
   *
   * @param value the value, converted to the dtype as Java casts
   */
  public void fill(double value) {
    engine.submit(b -> {
      b.pointwise().fill(span(), value);
      setFaults(List.of());
    });
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
   * @param other of equal dtype and shape
   */
  public void copyFrom(Tensor other) {
    requireSameEngine(other);
    if (dtype != other.dtype || !shape.equals(other.shape)) {
      throw new IllegalArgumentException(
          "copyFrom needs a tensor of %s %s, got %s %s."
              .formatted(dtype, shape, other.dtype, other.shape));
    }
    engine.submit(b -> {
      b.pointwise().copy(other.span(), span());
      setFaults(other.faults);
    });
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
      engine.download(span(), target, faults);
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
   * @return the elements of an F32 tensor, row-major
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
   * @return the elements of a U8 tensor, row-major
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
   * @return the elements of an I32 tensor, row-major
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
   * @return the elements of an I64 tensor, row-major
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
    return engine.locked(() -> engine.downloadLater(span(), faults));
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
      return target.upload(exact, dtype, shape);
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
          engine.download(span, target, faults);
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
    return dtype + " " + shape + " on " + engine.device().id();
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
  private void setFaults(List<FaultWord> words) {
    words.forEach(FaultWord::retain);
    faults.forEach(FaultWord::release);
    faults = words;
  }

  /** An output, which carries the fault words of its operands. */
  private Tensor result(DType type, Shape extent, Tensor... operands) {
    return engine.locked(() -> {
      Tensor out = engine.empty(type, extent);
      for (Tensor operand : operands) {
        out.carry(operand.faults);
      }
      return out;
    });
  }

  /** Runs what writes an output; if it fails, the output is not left behind. */
  private Tensor written(Tensor out, Consumer<Kernels> work) {
    try {
      engine.submit(work);
      return out;
    } catch (RuntimeException | Error e) {
      out.close();
      throw e;
    }
  }

  private Tensor written(
      Tensor out, ToLongFunction<Kernels> bytes, BiConsumer<Kernels, Span> work) {
    try {
      engine.submitWithScratch(bytes, work);
      return out;
    } catch (RuntimeException | Error e) {
      out.close();
      throw e;
    }
  }

  private Tensor unary(UnaryOp op) {
    requireDtype(DType.F32, op.name().toLowerCase(Locale.ROOT));
    Tensor out = result(dtype, shape, this);
    return written(out, b -> b.pointwise().unary(op, span(), out.span()));
  }

  private Tensor binary(BinaryOp op, Tensor other) {
    requireDtype(DType.F32, op.name().toLowerCase(Locale.ROOT));
    requireSameEngine(other);
    if (!shape.equals(other.shape) || dtype != other.dtype || format != other.format) {
      throw new IllegalArgumentException(
          "%s of %s %s and %s %s: both sides must be equal in dtype, shape and memory format."
              .formatted(op, dtype, shape, other.dtype, other.shape));
    }
    Tensor out = result(dtype, shape, this, other);
    return written(out, b -> b.pointwise().binary(op, span(), other.span(), out.span()));
  }

  private Tensor view(long offset, Shape target) {
    return engine.locked(() -> {
      storage.retain();
      Tensor view = engine.adopt(storage, dtype, offset, target, MemoryFormat.CONTIGUOUS);
      view.setFaults(faults);
      return view;
    });
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
    if (dtype != needed) {
      throw new IllegalArgumentException(
          "%s needs %s, but the tensor is %s; convert it with toF32, or make it so."
              .formatted(operation, needed, dtype));
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
    if (shape.elements() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "An array holds less than 2^31 elements, but the tensor %s has %d: read it with copyTo, or slice by slice."
              .formatted(this, shape.elements()));
    }
    return (int) shape.elements();
  }

  private void requireSingle() {
    requireDtype(DType.F32, "item");
    if (shape.elements() != 1) {
      throw new IllegalArgumentException(
          "item reads a tensor with one element, but the shape is " + shape + ".");
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
