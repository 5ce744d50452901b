package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Lays out the operands of one kernel call in device memory, each in a block of its own between
 * canaries, and takes the results back.
 *
 * <p>Operands do not start on a vector boundary, as slices of tensors may not; scratch memory does,
 * as kernels may rely on. Results and scratch memory are filled with junk before the call, with
 * other junk in every {@link Fill}, so that a kernel that reads what it has not written gives
 * different results.
 *
 * <p>With {@code -Dquern.selftest.maxElements=N} no operand may have more than N elements, so that
 * slow tools, such as memory checkers, get small cases only; larger ones are skipped. Scratch
 * memory and what is timed are not limited.
 */
public final class Workbench implements AutoCloseable {

  /** What results and scratch memory hold before the call. */
  public enum Fill {
    /** All bits set: NaN as F32. */
    ONES((byte) 0xff),
    /** A value that passes for a small number. */
    DIGITS((byte) 0x3c);

    private final byte junk;

    Fill(byte junk) {
      this.junk = junk;
    }
  }

  /**
   * A result and the policy it is judged by.
   *
   * @param name what it is
   * @param values its elements
   * @param tolerance the policy
   */
  public record Result(String name, HostArray values, Tolerance tolerance) {}

  /**
   * Bytes of canary before and behind each operand; a multiple of the alignment of scratch memory.
   */
  private static final int CANARY_BYTES = 64;

  private static final byte CANARY = (byte) 0xa5;

  /** What is done with an operand. */
  private enum Role {
    INPUT,
    RESULT,
    SCRATCH
  }

  private record Operand(
      Role role, String name, Span span, HostArray initial, Tolerance tolerance) {}

  private final Backend backend;
  private final Fill fill;
  private final boolean timing;
  private final int mostElements;
  private final List<Operand> operands = new ArrayList<>();

  /**
   * Makes an empty workbench.
   *
   * @param backend whose memory is used; it stays open
   * @param fill the junk before the call
   */
  public Workbench(Backend backend, Fill fill) {
    this(backend, fill, false);
  }

  private Workbench(Backend backend, Fill fill, boolean timing) {
    this.backend = backend;
    this.fill = fill;
    this.timing = timing;
    this.mostElements = timing ? Integer.MAX_VALUE : mostElements();
  }

  private static int mostElements() {
    String text = System.getProperty("quern.selftest.maxElements");
    if (text == null) {
      return Integer.MAX_VALUE;
    }
    try {
      int most = Integer.parseInt(text);
      if (most > 0) {
        return most;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "-Dquern.selftest.maxElements is a number of elements, at least 1, got " + text + ".");
  }

  /**
   * {@return an empty workbench for timing: operands are aligned as those of tensors are, and no
   * copy of them is kept, so that there are no results to take back}
   *
   * @param backend whose memory is used; it stays open
   */
  public static Workbench forTiming(Backend backend) {
    return new Workbench(backend, Fill.DIGITS, true);
  }

  /** {@return the backend the operands lie on} */
  public Backend backend() {
    return backend;
  }

  /**
   * Places an operand that the kernel only reads.
   *
   * @param name what it is
   * @param values its elements
   * @return where it lies
   */
  public Span input(String name, HostArray values) {
    return place(Role.INPUT, name, values, Tolerance.EXACT, misalignment(values.dtype()));
  }

  /**
   * Places a result that the kernel writes in full.
   *
   * @param name what it is
   * @param dtype its dtype
   * @param length its number of elements
   * @param tolerance the policy it is judged by
   * @return where it lies
   */
  public Span output(String name, DType dtype, int length, Tolerance tolerance) {
    HostArray junk = HostArray.zeros(dtype, length);
    junk.segment().fill(fill.junk);
    return place(Role.RESULT, name, junk, tolerance, misalignment(dtype));
  }

  /**
   * Places a result that the kernel reads and changes.
   *
   * @param name what it is
   * @param values its elements before the call
   * @param tolerance the policy it is judged by
   * @return where it lies
   */
  public Span inout(String name, HostArray values, Tolerance tolerance) {
    return place(Role.RESULT, name, values, tolerance, misalignment(values.dtype()));
  }

  /**
   * Places a result that the kernel reads and changes and that starts at a multiple of 64 bytes.
   *
   * @param name what it is
   * @param values its elements before the call
   * @param tolerance the policy it is judged by
   * @return where it lies
   */
  public Span alignedInout(String name, HostArray values, Tolerance tolerance) {
    return place(Role.RESULT, name, values, tolerance, 0);
  }

  /**
   * Places an operand that the kernel only reads and that starts at a multiple of 64 bytes.
   *
   * @param name what it is
   * @param values its elements
   * @return where it lies
   */
  public Span alignedInput(String name, HostArray values) {
    return place(Role.INPUT, name, values, Tolerance.EXACT, 0);
  }

  /**
   * Places scratch memory.
   *
   * @param bytes how much
   * @return where it lies
   */
  public Span scratch(long bytes) {
    byte[] junk = new byte[Math.toIntExact(bytes)];
    Arrays.fill(junk, fill.junk);
    return place(Role.SCRATCH, "scratch", HostArray.of(junk), Tolerance.EXACT, 0);
  }

  /** An odd number of elements, so that no operand but a byte's starts at a multiple of 8 bytes. */
  private int misalignment(DType dtype) {
    return timing ? 0 : dtype == DType.I64 ? 1 : 3;
  }

  private Span place(
      Role role, String name, HostArray values, Tolerance tolerance, int misalignment) {
    if (role != Role.SCRATCH && values.length() > mostElements) {
      throw new NotOfferedException("more than " + mostElements + " elements");
    }
    int elementBytes = values.dtype().bytes();
    long offset = (long) CANARY_BYTES / elementBytes + misalignment;
    long size = offset * elementBytes + (long) values.length() * elementBytes + CANARY_BYTES;
    DeviceBuffer buffer = backend.memory().allocate(size);
    if (timing) {
      backend.memory().upload(values.segment(), buffer, offset * elementBytes);
    } else {
      // in one piece: Oclgrind takes what other uploads brought for uninitialized
      byte[] image = new byte[Math.toIntExact(size)];
      Arrays.fill(image, CANARY);
      MemorySegment.ofArray(image).asSlice(offset * elementBytes).copyFrom(values.segment());
      backend.memory().upload(MemorySegment.ofArray(image), buffer, 0);
    }
    Span span = new Span(buffer, values.dtype(), offset, values.length());
    HostArray initial = timing ? HostArray.zeros(values.dtype(), 0) : values;
    operands.add(new Operand(role, name, span, initial, tolerance));
    return span;
  }

  /**
   * Waits for the kernel and takes its results back.
   *
   * @return the results in the order they were placed
   * @throws AssertionError if a canary was overwritten or an input changed
   * @throws IllegalStateException if this workbench is {@linkplain #forTiming for timing}
   */
  public List<Result> results() {
    if (timing) {
      throw new IllegalStateException("A workbench for timing keeps no results.");
    }
    backend.synchronize();
    var results = new ArrayList<Result>();
    for (Operand operand : operands) {
      Span span = operand.span();
      byte[] image = new byte[Math.toIntExact(span.buffer().byteSize())];
      backend.memory().download(span.buffer(), 0, MemorySegment.ofArray(image));
      int start = Math.toIntExact(span.byteOffset());
      int end = start + Math.toIntExact(span.byteSize());
      checkCanary(operand.name(), "before", image, 0, start);
      checkCanary(operand.name(), "behind", image, end, end + CANARY_BYTES);
      if (operand.role() == Role.SCRATCH) {
        continue;
      }
      HostArray values = HostArray.zeros(span.dtype(), Math.toIntExact(span.length()));
      MemorySegment.copy(MemorySegment.ofArray(image), start, values.segment(), 0, span.byteSize());
      if (operand.role() == Role.RESULT) {
        results.add(new Result(operand.name(), values, operand.tolerance()));
      } else if (!values.sameBits(operand.initial())) {
        throw new AssertionError("The kernel changed its input " + operand.name() + ".");
      }
    }
    return results;
  }

  private static void checkCanary(String name, String where, byte[] image, int from, int to) {
    for (int i = from; i < to; i++) {
      if (image[i] != CANARY) {
        throw new AssertionError(
            "The kernel wrote outside " + name + ", " + where + " it (byte " + (i - from) + ").");
      }
    }
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    operands.forEach(operand -> backend.memory().release(operand.span().buffer()));
    operands.clear();
  }
}
