package dev.quern.cuda.host;

import dev.quern.spi.Span;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a module. Arguments are set one after another, in the order of its parameter
 * structure; {@link Queue#launch} takes them and starts over. All of them are one argument to the
 * driver, because binding an argument costs more than filling the structure.
 */
public final class Kernel {
  private final Signature signature;
  private final CUfunction handle;
  private final ValueLayout[] fields;
  private final int[] offsets;
  private final ByteBuffer arguments;
  private final Pointer launchArguments;
  private int next;

  Kernel(Signature signature, CUfunction handle) {
    this.signature = signature;
    this.handle = handle;
    StructLayout structure = signature.arguments();
    this.fields =
        structure.memberLayouts().stream()
            .filter(ValueLayout.class::isInstance)
            .map(ValueLayout.class::cast)
            .toArray(ValueLayout[]::new);
    this.offsets = new int[fields.length];
    for (int i = 0; i < fields.length; i++) {
      PathElement field = PathElement.groupElement(fields[i].name().orElseThrow());
      offsets[i] = (int) structure.byteOffset(field);
    }
    this.arguments =
        ByteBuffer.allocateDirect((int) structure.byteSize()).order(ByteOrder.nativeOrder());
    this.launchArguments = Pointer.to(Pointer.to(arguments));
  }

  /**
   * Returns its name.
   *
   * @return its name
   */
  public String name() {
    return signature.kernel();
  }

  CUfunction handle() {
    return handle;
  }

  /**
   * Sets a tensor argument.
   *
   * @param span what it covers
   * @return this
   */
  public Kernel tensor(Span span) {
    return pointer((Buffer) span.buffer(), span.byteOffset());
  }

  /**
   * Sets a tensor argument that may be absent.
   *
   * @param span what it covers, or null for a null pointer
   * @return this
   */
  public Kernel tensorOrNull(@Nullable Span span) {
    return span == null ? address(0) : tensor(span);
  }

  /**
   * Sets a tensor argument that lies in scratch memory.
   *
   * @param scratch U8
   * @param firstByte where in it
   * @return this
   */
  public Kernel scratch(Span scratch, long firstByte) {
    return pointer((Buffer) scratch.buffer(), scratch.byteOffset() + firstByte);
  }

  /**
   * Sets a tensor argument.
   *
   * @param buffer the block
   * @param offset where in it, in bytes
   * @return this
   */
  public Kernel pointer(Buffer buffer, long offset) {
    return address(buffer.address() + offset);
  }

  private Kernel address(long address) {
    arguments.putLong(next(ValueLayout.ADDRESS), address);
    return this;
  }

  /**
   * Sets a long long argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(long value) {
    arguments.putLong(next(ValueLayout.JAVA_LONG), value);
    return this;
  }

  /**
   * Sets an int or unsigned int argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(int value) {
    arguments.putInt(next(ValueLayout.JAVA_INT), value);
    return this;
  }

  /**
   * Sets a float argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(float value) {
    arguments.putFloat(next(ValueLayout.JAVA_FLOAT), value);
    return this;
  }

  /**
   * Sets an unsigned char argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(byte value) {
    arguments.put(next(ValueLayout.JAVA_BYTE), value);
    return this;
  }

  /** Returns the offset of the next field, which must be of that kind. */
  private int next(ValueLayout kind) {
    ValueLayout field = next < fields.length ? fields[next] : null;
    if (field == null || field.carrier() != kind.carrier()) {
      int wrong = next;
      next = 0;
      throw new IllegalStateException(
          "Argument %d of kernel %s was given as %s, but its structure %s."
              .formatted(
                  wrong, name(), kind, field == null ? "has no such field" : "has " + field));
    }
    return offsets[next++];
  }

  /** Checks that all arguments were set, starts over, and points to them as the driver wants it. */
  Pointer complete() {
    int given = next;
    next = 0;
    if (given < fields.length) {
      throw new IllegalStateException(
          "Kernel %s was launched without its argument %s.".formatted(name(), fields[given]));
    }
    return launchArguments;
  }
}
