package dev.quern.opencl.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_command_queue;
import org.jspecify.annotations.Nullable;

/**
 * Copies between host and device, by the OpenCL library's own functions. JOCL has a thread of its
 * own wait for the end of each copy that it does not wait for itself, and of each unmapping: a
 * hand-over every time, and the end of the process with drivers that cannot be called from two
 * threads. Handles are passed as the numbers that they are.
 */
final class Transfers {
  private static final @Nullable SymbolLookup LIBRARY;
  private static final @Nullable String FAILURE;

  static {
    SymbolLookup library = null;
    String failure = null;
    try {
      library = find();
    } catch (IllegalCallerException e) {
      failure =
          "Native access is denied to dev.quern.opencl: add --enable-native-access=dev.quern.opencl"
              + " to Java's options.";
    } catch (IllegalArgumentException e) {
      failure = JoclLibrary.LOADER_MISSING;
    }
    LIBRARY = library;
    FAILURE = failure;
  }

  private static final @Nullable MethodHandle WRITE = copying("clEnqueueWriteBuffer");
  private static final @Nullable MethodHandle READ = copying("clEnqueueReadBuffer");
  private static final @Nullable MethodHandle UNMAP =
      function(
          "clEnqueueUnmapMemObject", JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
  private static final @Nullable MethodHandle WAIT = function("clWaitForEvents", JAVA_INT, ADDRESS);
  private static final @Nullable MethodHandle RELEASE = function("clReleaseEvent", JAVA_LONG);

  private final long queue;

  /** Where a function puts the event that it makes; enqueued is by one thread at a time. */
  private final MemorySegment event = Arena.ofAuto().allocate(JAVA_LONG);

  Transfers(cl_command_queue queue) {
    this.queue = queue.getNativePointer();
  }

  /** Finds the functions, once per process; returns why they cannot be called, or null. */
  static @Nullable String load() {
    return FAILURE;
  }

  /** Enqueues a copy from native memory and returns its event. */
  long write(MemorySegment source, Buffer target, long targetOffset) {
    copy(WRITE, target, 0, targetOffset, source, event);
    return event.get(JAVA_LONG, 0);
  }

  /** Enqueues a copy to native memory and returns its event. */
  long readLater(Buffer source, long sourceOffset, MemorySegment target) {
    copy(READ, source, 0, sourceOffset, target, event);
    return event.get(JAVA_LONG, 0);
  }

  /** Copies to native memory and waits for it. */
  void read(Buffer source, long sourceOffset, MemorySegment target) {
    copy(READ, source, 1, sourceOffset, target, MemorySegment.NULL);
  }

  private void copy(
      @Nullable MethodHandle function,
      Buffer buffer,
      int blocking,
      long offset,
      MemorySegment memory,
      MemorySegment end) {
    long handle = buffer.handle().getNativePointer();
    check(() ->
        (int)
            Objects.requireNonNull(function)
                .invokeExact(
                    queue,
                    handle,
                    blocking,
                    offset,
                    memory.byteSize(),
                    memory,
                    0,
                    MemorySegment.NULL,
                    end));
  }

  /** Enqueues that mapped memory is given back. */
  void unmap(Buffer buffer, MemorySegment memory) {
    long handle = buffer.handle().getNativePointer();
    check(() ->
        (int)
            Objects.requireNonNull(UNMAP)
                .invokeExact(queue, handle, memory, 0, MemorySegment.NULL, MemorySegment.NULL));
  }

  /** Waits until the command of an event is done, while other threads may enqueue and wait. */
  void await(long awaited) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocateFrom(JAVA_LONG, awaited);
      check(() -> (int) Objects.requireNonNull(WAIT).invokeExact(1, list));
    }
  }

  /** Gives an event up. */
  void release(long given) {
    check(() -> (int) Objects.requireNonNull(RELEASE).invokeExact(given));
  }

  private interface Call {
    int status() throws Throwable;
  }

  private static void check(Call call) {
    int status;
    try {
      status = call.status();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a function of C throws nothing", e);
    }
    if (status != CL.CL_SUCCESS) {
      throw new CLException(CL.stringFor_errorCode(status), status);
    }
  }

  /** The library that JOCL calls. */
  @SuppressWarnings("restricted")
  private static SymbolLookup find() {
    String system = System.getProperty("os.name", "");
    String name =
        system.startsWith("Windows")
            ? "OpenCL.dll"
            : system.startsWith("Mac")
                ? "/System/Library/Frameworks/OpenCL.framework/OpenCL"
                : "libOpenCL.so.1";
    return SymbolLookup.libraryLookup(name, Arena.global());
  }

  private static @Nullable MethodHandle copying(String name) {
    return function(
        name, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS,
        ADDRESS);
  }

  @SuppressWarnings("restricted")
  private static @Nullable MethodHandle function(String name, MemoryLayout... parameters) {
    return LIBRARY == null
        ? null
        : Linker.nativeLinker()
            .downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }
}
