package dev.quern.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.spi.AdamState;
import dev.quern.spi.Backend;
import dev.quern.spi.BinaryOp;
import dev.quern.spi.CalibrationKernels;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import dev.quern.spi.LossScale;
import dev.quern.spi.LovaszKernels;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.MatrixKernels;
import dev.quern.spi.OptimizerArena;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.PhiloxStream;
import dev.quern.spi.PointwiseKernels;
import dev.quern.spi.RandomKernels;
import dev.quern.spi.ReductionKernels;
import dev.quern.spi.SegmentationKernels;
import dev.quern.spi.Span;
import dev.quern.spi.UnaryOp;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backend whose every kernel family is a little wrong: after each call one element of a result is
 * changed. Checks that pass on it prove nothing, so {@code selftest --sabotage} and a test demand a
 * failure in every family.
 */
final class SabotagedBackend implements Backend {

  private final Backend sound;

  SabotagedBackend(Backend sound) {
    this.sound = sound;
  }

  /** Changes the last element of a result by a thousandth of itself and a thousandth. */
  private void perturb(Span span) {
    if (span.length() == 0) {
      return;
    }
    long last = span.byteOffset() + span.byteSize() - span.dtype().bytes();
    MemorySegment element = MemorySegment.ofArray(new byte[span.dtype().bytes()]);
    DeviceMemory memory = sound.memory();
    memory.download(span.buffer(), last, element);
    if (span.dtype() == DType.F32) {
      float value = element.get(JAVA_FLOAT_UNALIGNED, 0);
      element.set(JAVA_FLOAT_UNALIGNED, 0, value * 1.001f + 1e-3f);
    } else if (span.dtype() == DType.I64) {
      element.set(JAVA_LONG_UNALIGNED, 0, element.get(JAVA_LONG_UNALIGNED, 0) + 1);
    }
    memory.upload(element, span.buffer(), last);
  }

  @Override
  public DeviceInfo device() {
    return sound.device();
  }

  @Override
  public boolean supports(KernelFamily family, DType dtype) {
    return sound.supports(family, dtype);
  }

  @Override
  public DeviceMemory memory() {
    return sound.memory();
  }

  @Override
  public void synchronize() {
    sound.synchronize();
  }

  @Override
  public void close() {
    sound.close();
  }

  @Override
  public PointwiseKernels pointwise() {
    PointwiseKernels kernels = sound.pointwise();
    return new PointwiseKernels() {
      @Override
      public void fill(Span out, double value) {
        kernels.fill(out, value);
        perturb(out);
      }

      @Override
      public void copy(Span x, Span out) {
        kernels.copy(x, out);
        perturb(out);
      }

      @Override
      public void unary(UnaryOp op, Span x, Span out) {
        kernels.unary(op, x, out);
        perturb(out);
      }

      @Override
      public void binary(BinaryOp op, Span a, Span b, Span out) {
        kernels.binary(op, a, b, out);
        perturb(out);
      }

      @Override
      public void scale(Span x, float factor, Span out) {
        kernels.scale(x, factor, out);
        perturb(out);
      }

      @Override
      public void notEqual(Span x, float value, Span out) {
        kernels.notEqual(x, value, out);
        perturb(out);
      }

      @Override
      public void addBroadcast(Span a, Span b, long inner, Span out) {
        kernels.addBroadcast(a, b, inner, out);
        perturb(out);
      }
    };
  }

  @Override
  public ReductionKernels reduction() {
    ReductionKernels kernels = sound.reduction();
    return new ReductionKernels() {
      @Override
      public long scratchBytes(long elements) {
        return kernels.scratchBytes(elements);
      }

      @Override
      public void sum(Span x, Span out, Span scratch) {
        kernels.sum(x, out, scratch);
        perturb(out);
      }
    };
  }

  @Override
  public MatrixKernels matrix() {
    MatrixKernels kernels = sound.matrix();
    return new MatrixKernels() {
      @Override
      public long scratchBytes(long m, long n, long k) {
        return kernels.scratchBytes(m, n, k);
      }

      @Override
      public void multiply(
          boolean transposeA,
          boolean transposeB,
          long m,
          long n,
          long k,
          Span a,
          Span b,
          Span out,
          Span scratch) {
        kernels.multiply(transposeA, transposeB, m, n, k, a, b, out, scratch);
        perturb(out);
      }
    };
  }

  @Override
  public RandomKernels random() {
    RandomKernels kernels = sound.random();
    return new RandomKernels() {
      @Override
      public void uniform(PhiloxStream stream, long firstElement, Span out) {
        kernels.uniform(stream, firstElement, out);
        perturb(out);
      }
    };
  }

  @Override
  public CalibrationKernels calibration() {
    CalibrationKernels kernels = sound.calibration();
    return (data, length) -> {
      kernels.fmaChains(data, length);
      perturb(data);
    };
  }

  @Override
  public ConfusionKernels confusion() {
    ConfusionKernels kernels = sound.confusion();
    return new ConfusionKernels() {
      @Override
      public long scratchBytes(long elements, long inner) {
        return kernels.scratchBytes(elements, inner);
      }

      @Override
      public void count(
          Span predictions,
          float cut,
          Span target,
          @Nullable Integer ignoreIndex,
          long inner,
          Span counts,
          Span fault,
          Span scratch) {
        kernels.count(predictions, cut, target, ignoreIndex, inner, counts, fault, scratch);
        perturb(counts);
      }

      @Override
      public long matrixScratchBytes(long pixels) {
        return kernels.matrixScratchBytes(pixels);
      }

      @Override
      public void matrix(
          Span predictions,
          Span target,
          @Nullable Integer ignoreIndex,
          int classes,
          long inner,
          Span counts,
          Span fault,
          Span scratch) {
        kernels.matrix(predictions, target, ignoreIndex, classes, inner, counts, fault, scratch);
        perturb(counts);
      }
    };
  }

  @Override
  public OptimizerKernels optimizer() {
    OptimizerKernels kernels = sound.optimizer();
    return new OptimizerKernels() {
      @Override
      public long scratchBytes(OptimizerArena arena) {
        return kernels.scratchBytes(arena);
      }

      @Override
      public @Nullable MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
        return kernels.pointerTable(parameters, gradients);
      }

      @Override
      public void gradientNorm(
          OptimizerArena arena,
          @Nullable LossScale lossScale,
          Span rule,
          Span control,
          Span scratch) {
        kernels.gradientNorm(arena, lossScale, rule, control, scratch);
        perturbFirst(control);
      }

      @Override
      public void adam(OptimizerArena arena, AdamState state, Span control) {
        kernels.adam(arena, state, control);
        perturbFirst(arena.parameters());
      }

      @Override
      public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
        kernels.sgd(arena, momentumBuffer, control);
        perturbFirst(arena.parameters());
      }

      // the first element of an arena: the last may be padding
      private void perturbFirst(Span span) {
        if (span.length() > 0) {
          perturb(new Span(span.buffer(), span.dtype(), span.offset(), 1));
        }
      }
    };
  }

  @Override
  public LovaszKernels lovasz() {
    LovaszKernels kernels = sound.lovasz();
    return spec -> new SabotagedLovasz(kernels.prepare(spec));
  }

  @Override
  public SegmentationKernels segmentation() {
    SegmentationKernels kernels = sound.segmentation();
    return spec -> new SabotagedLoss(kernels.prepare(spec));
  }

  private final class SabotagedLoss implements FusedLossPlan {
    private final FusedLossPlan plan;

    SabotagedLoss(FusedLossPlan plan) {
      this.plan = plan;
    }

    @Override
    public FusedLossSpec spec() {
      return plan.spec();
    }

    @Override
    public long scratchBytes(LossExtent extent) {
      return plan.scratchBytes(extent);
    }

    @Override
    public void forward(
        LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
      plan.forward(operands, value, counts, fault, scratch);
      perturb(value);
    }

    @Override
    public void forwardBackward(
        LossOperands operands,
        Span upstream,
        Span value,
        Span gradient,
        @Nullable Span counts,
        Span fault,
        Span scratch) {
      plan.forwardBackward(operands, upstream, value, gradient, counts, fault, scratch);
      perturb(gradient);
    }

    @Override
    public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
      plan.losses(operands, losses, fault, scratch);
      perturb(losses);
    }
  }

  private final class SabotagedLovasz implements LovaszPlan {
    private final LovaszPlan plan;

    SabotagedLovasz(LovaszPlan plan) {
      this.plan = plan;
    }

    @Override
    public LovaszSpec spec() {
      return plan.spec();
    }

    @Override
    public long scratchBytes(LossExtent extent) {
      return plan.scratchBytes(extent);
    }

    @Override
    public void forward(
        Span logits, Span target, LossExtent extent, Span value, Span fault, Span scratch) {
      plan.forward(logits, target, extent, value, fault, scratch);
      perturb(value);
    }

    @Override
    public void forwardBackward(
        Span logits,
        Span target,
        LossExtent extent,
        Span upstream,
        Span value,
        Span gradient,
        Span fault,
        Span scratch) {
      plan.forwardBackward(logits, target, extent, upstream, value, gradient, fault, scratch);
      perturb(gradient);
    }
  }
}
