package dev.quern.opencl.host;

import dev.quern.DeviceException;
import dev.quern.gpu.program.BinaryCache;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/** A compiled program. */
public final class Program implements AutoCloseable {
  private final cl_program handle;
  private boolean closed;

  private Program(cl_program handle) {
    this.handle = handle;
  }

  /**
   * Compiles a program, or takes it from the cache.
   *
   * @param context whose device it is for
   * @param cache where compiled programs are kept; null if the driver keeps them itself
   * @param name what the message of a failure calls it
   * @param source its text
   * @param options the compiler's options
   * @return the program, owned by the caller
   * @throws DeviceException if it does not compile, with the compiler's log and the numbered source
   *     around the lines it names
   */
  public static Program build(
      Context context, @Nullable BinaryCache cache, String name, String source, String options) {
    if (cache == null) {
      return ofSource(context, name, source, options);
    }
    String key = key(context.device(), options, source);
    byte[] binary = cache.load(key);
    if (binary != null) {
      try {
        return ofBinary(context, binary, options);
      } catch (CLException e) {
        System.getLogger(Program.class.getName())
            .log(System.Logger.Level.DEBUG, "The driver refuses the compiled " + name + ".", e);
      }
    }
    Program program = ofSource(context, name, source, options);
    try {
      cache.store(key, program.binary());
    } catch (CLException e) {
      System.getLogger(Program.class.getName())
          .log(System.Logger.Level.DEBUG, "The driver keeps the compiled " + name + ".", e);
    }
    return program;
  }

  /** Names a compiled form by everything it depends on. */
  static String key(Device device, String options, String source) {
    return BinaryCache.key(List.of(device.identity(), options, source));
  }

  private static Program ofBinary(Context context, byte[] binary, String options) {
    cl_device_id[] devices = {context.device().id()};
    long[] lengths = {binary.length};
    byte[][] binaries = {binary};
    var program =
        new Program(
            CL.clCreateProgramWithBinary(
                context.handle(), 1, devices, lengths, binaries, new int[1], null));
    try (var _ = SignalHandlers.keep()) {
      CL.clBuildProgram(program.handle, 1, devices, options, null, null);
      if (program.kernelCount() == 0) {
        throw new CLException("It holds no kernel.", CL.CL_INVALID_BINARY);
      }
      return program;
    } catch (CLException e) {
      program.close();
      throw e;
    }
  }

  private static Program ofSource(Context context, String name, String source, String options) {
    cl_program handle;
    try {
      handle = CL.clCreateProgramWithSource(context.handle(), 1, new String[] {source}, null, null);
    } catch (CLException e) {
      throw Failure.of("clCreateProgramWithSource for " + name, e);
    }
    var program = new Program(handle);
    cl_device_id device = context.device().id();
    try (var _ = SignalHandlers.keep()) {
      CL.clBuildProgram(handle, 1, new cl_device_id[] {device}, options, null, null);
      return program;
    } catch (CLException e) {
      String log = program.log(device);
      program.close();
      throw new DeviceException(
          "OpenCL's clBuildProgram for %s with %s failed: %s; update the device's driver, or use another backend.%n%s%n%s"
              .formatted(name, options, Failure.name(e), log, SourceExcerpt.of(source, log)),
          e);
    }
  }

  /** Returns the compiled form. */
  private byte[] binary() {
    long[] size = new long[1];
    CL.clGetProgramInfo(handle, CL.CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
    byte[] binary = new byte[(int) size[0]];
    CL.clGetProgramInfo(
        handle, CL.CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(binary)), null);
    return binary;
  }

  /** Returns what the compiler said; a driver that fails to build may fail to say why, too. */
  private String log(cl_device_id device) {
    try {
      long[] size = new long[1];
      CL.clGetProgramBuildInfo(handle, device, CL.CL_PROGRAM_BUILD_LOG, 0, null, size);
      byte[] log = new byte[(int) size[0]];
      CL.clGetProgramBuildInfo(
          handle, device, CL.CL_PROGRAM_BUILD_LOG, log.length, Pointer.to(log), null);
      return Platforms.text(log);
    } catch (CLException e) {
      return "The driver has no log (" + Failure.name(e) + ").";
    }
  }

  private long kernelCount() {
    long[] count = new long[1];
    CL.clGetProgramInfo(handle, CL.CL_PROGRAM_NUM_KERNELS, Sizeof.size_t, Pointer.to(count), null);
    return count[0];
  }

  /**
   * Finds an entry.
   *
   * @param name the kernel's name
   * @param queue where it is enqueued
   * @param groupSize the work-items of a group
   * @return the kernel, owned by the caller
   */
  public Kernel kernel(String name, Queue queue, int groupSize) {
    try {
      return new Kernel(name, CL.clCreateKernel(handle, name, null), queue, groupSize);
    } catch (CLException e) {
      throw Failure.of("clCreateKernel for " + name, e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseProgram(handle);
    }
  }
}
