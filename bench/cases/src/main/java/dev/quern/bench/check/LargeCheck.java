package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.metric.CountOperands;
import dev.quern.spi.tensor.PhiloxStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Checks kernels on operands of more than 2^31 bytes against results that are known without
 * computing them: constants in, constants out. Only on devices with 8 GB to spare.
 */
public final class LargeCheck implements AutoCloseable {

  public static final String SUITE = "large";

  /** A prime over 2^29: more than 2^31 bytes of F32. */
  private static final long N = 536_870_923L;

  private static final long NEEDED_BYTES = 8L << 30;

  private final Backend backend;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  private LargeCheck(Backend backend) {
    this.backend = backend;
  }

  public static List<CaseResult> on(Backend backend) {
    if (freeBytes(backend.device()) < NEEDED_BYTES) {
      return List.of(CaseResult.skipped(SUITE, "all", "needs 8 GB of free memory"));
    }
    var results = new ArrayList<CaseResult>();
    try (var check = new LargeCheck(backend)) {
      Span x = check.place(DType.F32, N);
      check.run(results, "fill, scale and sum", () -> check.sum(x));
      check.run(results, "uniforms", () -> check.uniforms(x));
      Span target = check.place(DType.U8, N);
      check.run(results, "confusion counts", () -> check.counts(x, target));
      check.run(results, "loss and gradient in place", () -> check.loss(x, target));
    }
    return results;
  }

  private void run(List<CaseResult> results, String name, Supplier<Optional<String>> check) {
    results.add(CaseResult.attempt(SUITE, name, check::get));
  }

  private static long freeBytes(DeviceInfo device) {
    if (device.kind() == DeviceInfo.Kind.GPU) {
      return device.memoryBytes();
    }
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private Span place(DType dtype, long length) {
    DeviceBuffer buffer = backend.memory().allocate(length * dtype.bytes());
    buffers.add(buffer);
    return Span.of(buffer, dtype, length);
  }

  private double[] read(Span span, long from, int count) {
    HostArray values = HostArray.zeros(span.dtype(), count);
    MemorySegment target = values.segment();
    backend.memory().download(span.buffer(), (span.offset() + from) * span.dtype().bytes(), target);
    return values.doubles();
  }

  private Span words(long... values) {
    Span span = place(DType.I64, values.length);
    backend.memory().upload(MemorySegment.ofArray(values), span.buffer(), 0);
    return span;
  }

  private Optional<String> sum(Span x) {
    var pointwise = backend.kernels().pointwise();
    pointwise.fill(x, 1);
    pointwise.scale(x, 0.5f, x);
    Span out = place(DType.F32, 1);
    backend
        .kernels()
        .reduction()
        .sum(x, out, place(DType.U8, backend.kernels().reduction().scratchBytes(N)));
    return Tolerance.EXACT.compare("sum", (float) (0.5 * N), read(out, 0, 1)[0]);
  }

  private Optional<String> uniforms(Span x) {
    var stream = new PhiloxStream(7, 1, 2, 3);
    backend.kernels().random().uniform(stream, 0, x);
    int count = 1009;
    Span tail = place(DType.F32, count);
    backend.kernels().random().uniform(stream, N - count, tail);
    return Tolerance.EXACT.compare("tail", read(tail, 0, count), read(x, N - count, count));
  }

  private Optional<String> counts(Span x, Span target) {
    backend.kernels().pointwise().fill(x, 2);
    backend.kernels().pointwise().fill(target, 1);
    Span counts = words(0, 0, 0, 5);
    var confusion = backend.kernels().confusion();
    Span scratch = place(DType.U8, confusion.scratchBytes(N, N));
    Span fault = words(Long.MAX_VALUE);
    confusion.count(new CountOperands(x, 0.5f, target, null, N, counts, fault), scratch);
    return Tolerance.EXACT.compare("counts", new double[] {0, 0, 0, N + 5}, read(counts, 0, 4));
  }

  /**
   * Every logit is 2 and every target 1, so every pixel has the same share of value and gradient.
   */
  private Optional<String> loss(Span x, Span target) {
    backend.kernels().pointwise().fill(x, 2);
    backend.kernels().pointwise().fill(target, 1);
    var spec =
        FusedLossSpec.binary(
            List.of(
                new WeightedTerm(LossTerm.Overlap.dice(0, 1e-7, false), 1),
                new WeightedTerm(new LossTerm.Bce(false), 1e-6)),
            TruePositiveForm.PRODUCT,
            null,
            DType.U8,
            null);
    FusedLossPlan plan = backend.kernels().segmentation().prepare(spec);
    Span value = place(DType.F32, 1);
    Span upstream = place(DType.F32, 1);
    backend.kernels().pointwise().fill(upstream, 1);
    Span scratch = place(DType.U8, plan.scratchBytes(new LossExtent(1, 1, N)));
    plan.forwardBackward(
        LossOperands.binary(x, target), upstream, value, x, null, words(Long.MAX_VALUE), scratch);
    double p = 1 / (1 + Math.exp(-2));
    double dice = 1 - 2 * p / (p + 1);
    double gradient = -2 / ((p + 1) * (p + 1)) / N * p * (1 - p) + 1e-6 * (p - 1);
    return Tolerance.LOSS
        .compare("value", dice - 1e-6 * N * Math.log(p), read(value, 0, 1)[0])
        .or(() ->
            Tolerance.GRADIENT.compare(
                "gradient around 2^31 bytes and at the end",
                new double[] {gradient, gradient, gradient},
                new double[] {
                  read(x, (1L << 29) - 1, 1)[0], read(x, 1L << 29, 1)[0], read(x, N - 1, 1)[0]
                }));
  }

  @Override
  public void close() {
    backend.synchronize();
    buffers.forEach(backend.memory()::release);
  }
}
