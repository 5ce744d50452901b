package dev.quern.cuda.host;

import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a module. All its arguments, the fields of its parameter structure, are one argument
 * to the driver, because binding an argument costs more than filling the structure.
 */
public final class Kernel implements Launch {
  private final Signature signature;
  private final CUfunction handle;
  private final Queue queue;
  private final int threads;
  private final Signature.Field[] fields;
  private final ByteBuffer arguments;
  private final Pointer launchArguments;
  private int next;

  Kernel(Signature signature, CUfunction handle, Queue queue, int threads) {
    this.signature = signature;
    this.handle = handle;
    this.queue = queue;
    this.threads = threads;
    this.fields = signature.fields().toArray(Signature.Field[]::new);
    this.arguments = ByteBuffer.allocateDirect(signature.byteSize()).order(ByteOrder.nativeOrder());
    this.launchArguments = Pointer.to(Pointer.to(arguments));
  }

  String name() {
    return signature.kernel();
  }

  CUfunction handle() {
    return handle;
  }

  int threads() {
    return threads;
  }

  @Override
  public Kernel restart() {
    next = 0;
    return this;
  }

  @Override
  public Kernel tensor(Span span) {
    return address(((Buffer) span.buffer()).address() + span.byteOffset());
  }

  @Override
  public Kernel tensorOrNull(@Nullable Span span) {
    return span == null ? address(0) : tensor(span);
  }

  @Override
  public Kernel scratch(Span scratch, long firstByte, int elementBytes) {
    return address(((Buffer) scratch.buffer()).address() + scratch.byteOffset() + firstByte);
  }

  private Kernel address(long address) {
    arguments.putLong(next(Signature.Type.POINTER), address);
    return this;
  }

  @Override
  public Kernel scalar(long value) {
    arguments.putLong(next(Signature.Type.INT64), value);
    return this;
  }

  @Override
  public Kernel scalar(int value) {
    arguments.putInt(next(Signature.Type.INT32), value);
    return this;
  }

  @Override
  public Kernel scalar(float value) {
    arguments.putFloat(next(Signature.Type.F32), value);
    return this;
  }

  @Override
  public Kernel scalar(byte value) {
    arguments.put(next(Signature.Type.U8), value);
    return this;
  }

  /** Returns the offset of the next field, which must be of that type. */
  private int next(Signature.Type type) {
    Signature.Field field = next < fields.length ? fields[next] : null;
    if (field == null || field.type() != type) {
      int given = next;
      next = 0;
      throw new IllegalStateException(
          field == null
              ? "Kernel %s was given more than its %d arguments.".formatted(name(), given)
              : "Kernel %s was given %s for its argument %s, which is %s."
                  .formatted(name(), type, field.name(), field.type()));
    }
    next++;
    return field.offset();
  }

  @Override
  public void enqueue(long groups) {
    queue.launch(this, groups);
  }

  /** Checks that all arguments were set, starts over, and points to them as the driver wants it. */
  Pointer complete() {
    int given = next;
    next = 0;
    if (given < fields.length) {
      throw new IllegalStateException(
          "Kernel %s was launched without its argument %s."
              .formatted(name(), fields[given].name()));
    }
    return launchArguments;
  }
}
