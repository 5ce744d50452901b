package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.bench.cases.LossSpecs;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Checks on one backend that a fused loss of half-precision logits is that of the same logits in
 * F32: the value has the same bits, the gradient is the rounded one. Only loads and stores differ,
 * so a sample of the losses is enough.
 */
public final class HalfLossCheck {
  private static final float UPSTREAM = 512;
  private static final int STRIDE = 8;

  private HalfLossCheck() {}

  public static List<FusedLossSpec> specs() {
    List<FusedLossSpec> all = LossSpecs.all();
    return IntStream.range(0, all.size()).filter(i -> i % STRIDE == 0).mapToObj(all::get).toList();
  }

  /** What does not agree, or empty. */
  public static Optional<String> check(FusedLossSpec spec, DType dtype, Backend backend) {
    long pixels = spec.layout() == Layout.ELEMENTS ? 1_117 : 1_213;
    long most = Math.max(1, Parity.MAX_ELEMENTS / (3L * spec.classes()));
    var extent = new LossExtent(3, spec.classes(), Math.min(pixels, most));
    var batch = LossBatch.of(spec, extent);
    HostArray half = narrow(batch.logits(), dtype);
    List<Workbench.Result> expected = run(batch, spec, widen(half), backend);
    List<Workbench.Result> found = run(batch, withLogits(spec, dtype), half, backend);
    HostArray gradient = narrow(floats(expected.get(1).values()), dtype);
    if (!found.get(0).values().sameBits(expected.get(0).values())) {
      return Optional.of("the value of " + dtype + " logits is not that of the same in F32");
    }
    return found.get(1).values().sameBits(gradient)
        ? Optional.empty()
        : Optional.of("the gradient of " + dtype + " logits is not the rounded one of F32");
  }

  private static List<Workbench.Result> run(
      LossBatch batch, FusedLossSpec spec, HostArray logits, Backend backend) {
    LossExtent extent = batch.extent();
    float[] weight = batch.weight();
    try (var bench = new Workbench(backend, Fill.ONES)) {
      FusedLossPlan plan = backend.kernels().segmentation().prepare(spec);
      LossOperands operands =
          new LossOperands(
              bench.input("logits", logits),
              bench.input("target", batch.target()),
              weight == null ? null : bench.input("weight", HostArray.of(weight)),
              extent);
      Span upstream = bench.input("upstream", HostArray.of(UPSTREAM));
      Span value = bench.output("value", DType.F32, 1, Tolerance.EXACT);
      Span gradient =
          bench.output("gradient", spec.logitsDtype(), logits.length(), Tolerance.EXACT);
      Span counts =
          spec.countCut() == null
              ? null
              : bench.inout("counts", HostArray.of(0L, 0, 0, 0), Tolerance.EXACT);
      Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
      plan.forwardBackward(
          operands,
          upstream,
          value,
          gradient,
          counts,
          fault,
          bench.scratch(plan.scratchBytes(extent)));
      return bench.results();
    }
  }

  private static FusedLossSpec withLogits(FusedLossSpec spec, DType dtype) {
    return new FusedLossSpec(
        spec.layout(),
        spec.input(),
        spec.classes(),
        spec.perImage(),
        spec.terms(),
        spec.truePositiveForm(),
        spec.ignoreIndex(),
        dtype,
        spec.targetDtype(),
        spec.countCut());
  }

  private static HostArray narrow(float[] values, DType dtype) {
    HostArray halves = HostArray.zeros(dtype, values.length);
    for (int i = 0; i < values.length; i++) {
      short bits = dtype == DType.F16 ? Float.floatToFloat16(values[i]) : upperHalf(values[i]);
      halves.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, bits);
    }
    return halves;
  }

  /** Rounds a number to the nearest BF16, ties to even. */
  private static short upperHalf(float value) {
    int bits = Float.floatToIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static HostArray widen(HostArray halves) {
    float[] values = new float[halves.length()];
    for (int i = 0; i < values.length; i++) {
      short bits = halves.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
      values[i] =
          halves.dtype() == DType.F16
              ? Float.float16ToFloat(bits)
              : Float.intBitsToFloat(bits << 16);
    }
    return HostArray.of(values);
  }

  private static float[] floats(HostArray array) {
    float[] values = new float[array.length()];
    MemorySegment.copy(
        array.segment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
    return values;
  }
}
