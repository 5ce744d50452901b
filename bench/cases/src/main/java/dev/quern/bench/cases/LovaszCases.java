package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.ArrayCase;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.LovaszBatch;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Lovasz losses: value, gradient and the first faulty label. */
final class LovaszCases {

  private static final LovaszSpec HINGE = hinge(false, null, DType.U8);
  private static final LovaszSpec HINGE_PER_IMAGE = hinge(true, Inputs.IGNORED, DType.U8);
  private static final LovaszSpec SOFTMAX = softmax(LossInput.LOGITS, false, null, DType.U8);
  private static final LovaszSpec SOFTMAX_PER_IMAGE =
      softmax(LossInput.LOGITS, true, Inputs.IGNORED, DType.U8);

  private LovaszCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.REDUCED) {
      cases.add(forwardBackward(LovaszBatch.of(1, 1, n), HINGE));
      cases.add(forwardBackward(LovaszBatch.of(2, 2, n / 3).ignored(0.1), HINGE_PER_IMAGE));
      cases.add(forwardBackward(LovaszBatch.of(2, 3, n / 5), SOFTMAX));
      cases.add(forwardBackward(LovaszBatch.of(3, 4, n / 11).ignored(0.1), SOFTMAX_PER_IMAGE));
    }
    cases.addAll(specs());
    cases.addAll(extremes());
    // small sizes divided by different numbers are often the same
    var names = new HashSet<String>();
    cases.removeIf(kernelCase -> !names.add(kernelCase.name()));
    return cases;
  }

  /** Random logits, and those of a trained model, whose few errors above 0 are all that counts. */
  static List<Benchmark> benchmarks() {
    return List.of(
        benchmark("lovasz hinge u8", 40, n -> forwardBackward(LovaszBatch.of(8, 1, n / 8), HINGE)),
        benchmark(
            "lovasz hinge trained u8",
            10,
            n -> forwardBackward(LovaszBatch.of(8, 1, n / 8).trained(), HINGE)),
        benchmark(
            "lovasz softmax u8", 80, n -> forwardBackward(LovaszBatch.of(4, 4, n / 16), SOFTMAX)),
        benchmark(
            "lovasz softmax trained u8",
            80,
            n -> forwardBackward(LovaszBatch.of(4, 4, n / 16).trained(), SOFTMAX)));
  }

  private static Benchmark benchmark(
      String name, double operationsPerElement, IntFunction<KernelCase> at) {
    return new Benchmark(LovaszKernels.class, name, operationsPerElement, at);
  }

  /** The product of options, small. */
  private static List<KernelCase> specs() {
    var cases = new ArrayList<KernelCase>();
    for (DType target : List.of(DType.U8, DType.I32, DType.I64, DType.F32)) {
      for (boolean perImage : new boolean[] {false, true}) {
        for (boolean ignoring : new boolean[] {false, true}) {
          @Nullable Integer ignored = ignoring ? Inputs.IGNORED : null;
          LovaszBatch binary = LovaszBatch.of(3, 2, 9 * 11).ignored(ignoring ? 0.2 : 0);
          cases.add(forwardBackward(binary, hinge(perImage, ignored, target)));
          LovaszBatch multiclass = LovaszBatch.of(3, 5, 9 * 11).ignored(ignoring ? 0.2 : 0);
          for (LossInput input : LossInput.values()) {
            LovaszSpec spec = softmax(input, perImage, ignored, target);
            cases.add(forwardBackward(multiclass, spec));
            cases.add(forwardBackward(multiclass.absent(2), with(spec, Classes.ALL)));
            cases.add(forwardBackward(multiclass.absent(1), with(spec, Classes.LISTED, 0, 2, 4)));
          }
        }
      }
    }
    for (LovaszSpec spec : List.of(HINGE, HINGE_PER_IMAGE)) {
      cases.add(forward(LovaszBatch.of(3, 1, 1009).ignored(0.1), spec));
    }
    for (LovaszSpec spec : List.of(SOFTMAX, SOFTMAX_PER_IMAGE)) {
      cases.add(forward(LovaszBatch.of(3, 5, 331).ignored(0.1), spec));
    }
    return cases;
  }

  private static List<KernelCase> extremes() {
    var cases = new ArrayList<KernelCase>();
    LovaszSpec ignoringHinge = hinge(false, Inputs.IGNORED, DType.U8);
    LovaszSpec ignoringSoftmax = softmax(LossInput.LOGITS, false, Inputs.IGNORED, DType.U8);
    for (LovaszSpec spec : List.of(ignoringHinge, HINGE_PER_IMAGE)) {
      for (LovaszBatch batch : variants(LovaszBatch.of(4, 1, 1009))) {
        cases.add(forwardBackward(batch, spec));
      }
      cases.add(forwardBackward(LovaszBatch.of(4, 1, 1009).positive(0), spec));
      cases.add(forwardBackward(LovaszBatch.of(4, 1, 1009).positive(1), spec));
    }
    for (LovaszSpec spec : List.of(ignoringSoftmax, SOFTMAX_PER_IMAGE)) {
      for (LovaszBatch batch : variants(LovaszBatch.of(4, 3, 337))) {
        cases.add(forwardBackward(batch, spec));
        cases.add(forwardBackward(batch, with(spec, Classes.ALL)));
      }
      cases.add(forwardBackward(LovaszBatch.of(4, 3, 337).absent(2), spec));
      cases.add(forwardBackward(LovaszBatch.of(2, 1, 337), spec));
      cases.add(forwardBackward(LovaszBatch.of(2, 40, 61), spec));
    }
    for (DType target : List.of(DType.U8, DType.I32, DType.I64, DType.F32)) {
      for (boolean perImage : new boolean[] {false, true}) {
        cases.add(
            forwardBackward(LovaszBatch.of(2, 2, 501).faulty(), hinge(perImage, null, target)));
        cases.add(
            forwardBackward(
                LovaszBatch.of(2, 3, 501).faulty().ignored(0.1),
                softmax(LossInput.LOGITS, perImage, Inputs.IGNORED, target)));
      }
    }
    // many small lists, and one longer than the chunks of every backend beside an empty one
    cases.add(forwardBackward(LovaszBatch.of(16, 7, 32 * 32), SOFTMAX_PER_IMAGE));
    cases.add(forwardBackward(LovaszBatch.of(64, 1, 32 * 32), HINGE_PER_IMAGE));
    cases.add(forwardBackward(LovaszBatch.of(5, 1, 70_001).uneven(), HINGE_PER_IMAGE));
    cases.add(forwardBackward(LovaszBatch.of(5, 1, 70_001).trained(), HINGE));
    return cases;
  }

  private static List<LovaszBatch> variants(LovaszBatch batch) {
    return List.of(
        batch.scale(1e4).ignored(0.05),
        batch.scale(0),
        batch.step(0.5).ignored(0.1),
        batch.trained().ignored(0.05),
        batch.uneven(),
        batch.ignored(0.3).nanWhereIgnored(),
        batch.ignored(1).nanWhereIgnored(),
        batch.oneValid(),
        batch.nanAt(3, 1000));
  }

  private static LovaszSpec hinge(boolean perImage, @Nullable Integer ignoreIndex, DType target) {
    return new LovaszSpec(
        Kind.HINGE,
        LossInput.LOGITS,
        perImage,
        Classes.PRESENT,
        List.of(),
        ignoreIndex,
        DType.F32,
        target);
  }

  private static LovaszSpec softmax(
      LossInput input, boolean perImage, @Nullable Integer ignoreIndex, DType target) {
    return new LovaszSpec(
        Kind.SOFTMAX, input, perImage, Classes.PRESENT, List.of(), ignoreIndex, DType.F32, target);
  }

  private static LovaszSpec with(LovaszSpec s, Classes classes, Integer... listed) {
    return new LovaszSpec(
        s.kind(),
        s.input(),
        s.perImage(),
        classes,
        List.of(listed),
        s.ignoreIndex(),
        s.logitsDtype(),
        s.targetDtype());
  }

  /** The same on heap memory without an engine. */
  static List<ArrayCase> arrays() {
    var cases = new ArrayList<ArrayCase>();
    for (LovaszSpec spec : List.of(HINGE, HINGE_PER_IMAGE, SOFTMAX, SOFTMAX_PER_IMAGE)) {
      for (int n : new int[] {0, 1, 17, 1009, 30_011}) {
        cases.add(arrays(LovaszBatch.of(2, 3, n).ignored(0.1), spec));
      }
    }
    LovaszSpec probabilities = softmax(LossInput.PROBABILITIES, false, null, DType.F32);
    cases.add(arrays(LovaszBatch.of(2, 3, 1009).faulty(), probabilities));
    return cases;
  }

  private static ArrayCase arrays(LovaszBatch batch, LovaszSpec spec) {
    return new ArrayCase(
        "lovasz " + describe(batch, spec),
        kernels -> {
          MemorySegment logits = batch.logits(spec).segment();
          MemorySegment target = batch.target(spec).segment();
          float[] gradient = new float[Math.toIntExact(batch.extent().elements())];
          MemorySegment written = MemorySegment.ofArray(gradient);
          ArrayKernels.Result both =
              kernels.lovasz(spec, batch.extent(), logits, target, -1.75f, written);
          ArrayKernels.Result alone = kernels.lovasz(spec, batch.extent(), logits, target, 1, null);
          return List.of(
              new Workbench.Result("value", HostArray.of(both.value()), Tolerance.LOSS),
              new Workbench.Result("value alone", HostArray.of(alone.value()), Tolerance.LOSS),
              new Workbench.Result("fault", HostArray.of(both.fault()), Tolerance.EXACT),
              new Workbench.Result("gradient", HostArray.of(gradient), Tolerance.GRADIENT));
        });
  }

  private static String describe(LovaszBatch batch, LovaszSpec spec) {
    var text = new StringBuilder(batch.toString()).append(' ').append(spec.kind());
    if (spec.kind() == Kind.SOFTMAX) {
      text.append(' ').append(spec.input()).append(' ').append(spec.classes());
    }
    return text.append(spec.perImage() ? " per image " : " ")
        .append(spec.targetDtype())
        .append(spec.ignoreIndex() == null ? "" : " ignore " + spec.ignoreIndex())
        .toString();
  }

  private static KernelCase forwardBackward(LovaszBatch batch, LovaszSpec spec) {
    LossExtent extent = batch.extent();
    return new KernelCase(
        LovaszKernels.class,
        "forward-backward",
        describe(batch, spec),
        DType.F32,
        8 * extent.elements() + (long) batch.labelCount(spec) * spec.targetDtype().bytes(),
        bench -> {
          LovaszPlan plan = bench.backend().kernels().lovasz().prepare(spec);
          int n = Math.toIntExact(extent.elements());
          Span logits = bench.input("logits", batch.logits(spec));
          Span target = bench.input("target", batch.target(spec));
          Span upstream = bench.input("upstream", HostArray.of(-1.75f));
          Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
          Span gradient = bench.output("gradient", DType.F32, n, Tolerance.GRADIENT);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = scratch(bench, plan, extent);
          return () ->
              plan.forwardBackward(
                  logits, target, extent, upstream, value, gradient, fault, scratch);
        });
  }

  private static KernelCase forward(LovaszBatch batch, LovaszSpec spec) {
    LossExtent extent = batch.extent();
    return new KernelCase(
        LovaszKernels.class,
        "forward",
        describe(batch, spec),
        DType.F32,
        4 * extent.elements() + (long) batch.labelCount(spec) * spec.targetDtype().bytes(),
        bench -> {
          LovaszPlan plan = bench.backend().kernels().lovasz().prepare(spec);
          Span logits = bench.input("logits", batch.logits(spec));
          Span target = bench.input("target", batch.target(spec));
          Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = scratch(bench, plan, extent);
          return () -> plan.forward(logits, target, extent, value, fault, scratch);
        });
  }

  /** Scratch memory, which is held to the bound that plans promise. */
  private static Span scratch(Workbench bench, LovaszPlan plan, LossExtent extent) {
    long bytes = plan.scratchBytes(extent);
    long bound = (1 << 20) + 18 * extent.elements();
    if (bytes < 1 || bytes > bound) {
      throw new AssertionError(
          "The plan takes " + bytes + " bytes of scratch memory, more than " + bound + ".");
    }
    return bench.scratch(bytes);
  }
}
