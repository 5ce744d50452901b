package dev.quern.simd.pointwise;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.simd.math.UnsignedBytes;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Fill, copy and elementwise arithmetic: out[i] = f(a[i], b[i]), one vector loop per function (
 * {@link PointwiseLoops}), a chunk a piece, tails padded to a vector. Every element is computed on
 * its own, so neither threads nor width can change it.
 */
public final class SimdPointwiseKernels implements PointwiseKernels {
  private final WorkerPool pool;

  public SimdPointwiseKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void fill(Span out, double value) {
    if (out.dtype() == DType.F32) {
      float v = (float) value;
      elementwise(out, out, out, (a, b, o, at, n) -> PointwiseLoops.fill(o, at, n, v));
    } else {
      start(new Fill(out, value), out.length());
    }
  }

  @Override
  public void copy(Span x, Span out) {
    if (x.dtype() == out.dtype()) {
      start(new Copy(x, out), out.length());
    } else if (x.dtype() == DType.U8) {
      start(new FromBytes(x, out, null), out.length());
    } else {
      start(new FromIntegers(x, out), out.length());
    }
  }

  @Override
  public void unary(UnaryOp op, Span x, Span out) {
    Elementwise.Loop loop =
        switch (op) {
          case SIGMOID -> (a, b, o, at, n) -> PointwiseLoops.sigmoid(a, o, at, n);
          case SOFTPLUS -> (a, b, o, at, n) -> PointwiseLoops.softplus(a, o, at, n);
          case EXP -> (a, b, o, at, n) -> PointwiseLoops.exp(a, o, at, n);
          case LOG -> (a, b, o, at, n) -> PointwiseLoops.log(a, o, at, n);
          case SIGN -> (a, b, o, at, n) -> PointwiseLoops.sign(a, o, at, n);
          case RELU -> (a, b, o, at, n) -> ActivationLoops.relu(a, o, at, n);
          case LEAKY_RELU -> (a, b, o, at, n) -> ActivationLoops.leakyRelu(a, o, at, n);
          case GELU -> (a, b, o, at, n) -> ActivationLoops.gelu(a, o, at, n);
          case SILU -> (a, b, o, at, n) -> ActivationLoops.silu(a, o, at, n);
          case TANH -> (a, b, o, at, n) -> ActivationLoops.tanh(a, o, at, n);
          case ABS -> (a, b, o, at, n) -> ActivationLoops.abs(a, o, at, n);
          case SQRT -> (a, b, o, at, n) -> ActivationLoops.sqrt(a, o, at, n);
        };
    elementwise(x, x, out, loop);
  }

  @Override
  public void unaryGradient(UnaryOp op, Span x, Span gradient, Span out) {
    Elementwise.Loop loop =
        switch (op) {
          case SIGMOID -> GradientLoops::sigmoid;
          case SOFTPLUS -> GradientLoops::softplus;
          case EXP -> GradientLoops::exp;
          case LOG -> GradientLoops::log;
          case SIGN -> (a, b, o, at, n) -> PointwiseLoops.fill(o, at, n, 0);
          case RELU -> GradientLoops::relu;
          case LEAKY_RELU -> GradientLoops::leakyRelu;
          case GELU -> GradientLoops::gelu;
          case SILU -> GradientLoops::silu;
          case TANH -> GradientLoops::tanh;
          case ABS -> GradientLoops::abs;
          case SQRT -> GradientLoops::sqrt;
        };
    elementwise(x, gradient, out, loop);
  }

  @Override
  public void binary(BinaryOp op, Span a, Span b, Span out) {
    Elementwise.Loop loop =
        switch (op) {
          case ADD -> PointwiseLoops::add;
          case SUBTRACT -> PointwiseLoops::subtract;
          case MULTIPLY -> PointwiseLoops::multiply;
          case DIVIDE -> PointwiseLoops::divide;
          case MAX -> PointwiseLoops::max;
          case MIN -> PointwiseLoops::min;
          case SELECT -> PointwiseLoops::select;
        };
    elementwise(a, b, out, loop);
  }

  @Override
  public void scale(Span x, float factor, Span out) {
    elementwise(x, x, out, (a, b, o, at, n) -> PointwiseLoops.scale(a, factor, o, at, n));
  }

  @Override
  public void notEqual(Span x, float value, Span out) {
    Elementwise.Loop loop = (a, b, o, at, n) -> PointwiseLoops.notEqual(a, value, o, at, n);
    if (x.dtype() == DType.U8) {
      start(new FromBytes(x, out, loop), out.length());
    } else {
      elementwise(x, x, out, loop);
    }
  }

  @Override
  public void addBroadcast(Span a, Span b, long inner, Span out) {
    start(new AddBroadcast(a, b, inner, out), out.length());
  }

  private void elementwise(Span a, Span b, Span out, Elementwise.Loop loop) {
    start(new Elementwise(a, b, out, loop), out.length());
  }

  private void start(Task task, long elements) {
    pool.run(task, Chunks.count(elements), Chunks.INLINE_BELOW);
  }

  /** Fills integers. */
  private static final class Fill extends Task {
    private final MemorySegment out;
    private final DType dtype;
    private final long elements;
    private final double value;

    Fill(Span out, double value) {
      this.out = open(out);
      this.dtype = out.dtype();
      this.elements = out.length();
      this.value = value;
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      MemorySegment part = out.asSlice(first * dtype.bytes(), (long) n * dtype.bytes());
      switch (dtype) {
        case I64 -> {
          for (int i = 0; i < n; i++) {
            part.setAtIndex(JAVA_LONG, i, (long) value);
          }
        }
        case I32 -> {
          for (int i = 0; i < n; i++) {
            part.setAtIndex(JAVA_INT, i, (int) value);
          }
        }
        default -> part.fill((byte) (int) value);
      }
    }
  }

  /** Copies bytes. */
  private static final class Copy extends Task {
    private final MemorySegment x;
    private final MemorySegment out;
    private final int bytes;
    private final long elements;

    Copy(Span x, Span out) {
      this.x = open(x);
      this.out = open(out);
      this.bytes = out.dtype().bytes();
      this.elements = out.length();
    }

    @Override
    public void run(long piece) {
      long at = Chunks.start(piece) * bytes;
      MemorySegment.copy(x, at, out, at, (long) Chunks.length(piece, elements) * bytes);
    }
  }

  /** Turns unsigned bytes into floats and then, if asked, applies a loop to them in place. */
  private static final class FromBytes extends Task {
    private final MemorySegment x;
    private final MemorySegment out;
    private final long elements;
    private final Elementwise.@Nullable Loop loop;

    FromBytes(Span x, Span out, Elementwise.@Nullable Loop loop) {
      this.x = open(x);
      this.out = open(out);
      this.elements = out.length();
      this.loop = loop;
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      int whole = n & -16;
      UnsignedBytes.toFloats(x, first, out, 4 * first, whole);
      for (int i = whole; i < n; i++) {
        float value = Byte.toUnsignedInt(x.get(JAVA_BYTE, first + i));
        out.setAtIndex(JAVA_FLOAT, first + i, value);
      }
      if (loop != null) {
        Elementwise.apply(loop, out, out, out, 4 * first, n);
      }
    }
  }

  /** Turns I32 or I64 into floats. */
  private static final class FromIntegers extends Task {
    private final MemorySegment x;
    private final DType dtype;
    private final MemorySegment out;
    private final long elements;

    FromIntegers(Span x, Span out) {
      this.x = open(x);
      this.dtype = x.dtype();
      this.out = open(out);
      this.elements = out.length();
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      long end = first + Chunks.length(piece, elements);
      for (long i = first; i < end; i++) {
        float value =
            dtype == DType.I32
                ? (float) x.getAtIndex(JAVA_INT, i)
                : (float) x.getAtIndex(JAVA_LONG, i);
        out.setAtIndex(JAVA_FLOAT, i, value);
      }
    }
  }

  /** Adds a vector along the middle axis: a chunk of it is laid out first, then added. */
  private static final class AddBroadcast extends Task {
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment out;
    private final long width;
    private final long inner;
    private final long elements;

    AddBroadcast(Span a, Span b, long inner, Span out) {
      this.a = open(a);
      this.b = open(b);
      this.out = open(out);
      this.width = b.length();
      this.inner = inner;
      this.elements = out.length();
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      MemorySegment laidOut = PointwiseScratch.current().chunk;
      layOut(first, n, laidOut);
      MemorySegment left = a.asSlice(4 * first, 4L * n);
      MemorySegment target = out.asSlice(4 * first, 4L * n);
      Elementwise.apply(PointwiseLoops::add, left, laidOut, target, 0, n);
    }

    private void layOut(long first, int n, MemorySegment laidOut) {
      long period = width * inner;
      int once = (int) Math.min(n, period);
      for (int i = 0; i < once; ) {
        long position = (first + i) % period;
        long element = position / inner;
        if (inner == 1) {
          int run = (int) Math.min(once - i, width - element);
          MemorySegment.copy(b, 4 * element, laidOut, 4L * i, 4L * run);
          i += run;
        } else {
          int run = (int) Math.min(once - i, inner - position % inner);
          float value = b.getAtIndex(JAVA_FLOAT, element);
          for (int end = i + run; i < end; i++) {
            laidOut.setAtIndex(JAVA_FLOAT, i, value);
          }
        }
      }
      for (int done = once; done < n; done *= 2) {
        MemorySegment.copy(laidOut, 0, laidOut, 4L * done, 4L * Math.min(done, n - done));
      }
    }
  }
}
