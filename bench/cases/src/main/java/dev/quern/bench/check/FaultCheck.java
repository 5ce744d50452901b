package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.PendingValue;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.MulticlassConfusion;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks on one engine that a label out of range is reported by the result it belongs to, with its
 * index, and by no other.
 */
public final class FaultCheck {
  public static final String SUITE = "faults";

  private static final int CLASSES = 3;
  private static final int PIXELS = 1500;
  private static final int FAULT = 1031;

  /** The greatest ignore index; the label above it is the same number as f32. */
  private static final int IGNORED = 1 << 24;

  private final Engine engine;

  private FaultCheck(Engine engine) {
    this.engine = engine;
  }

  public static List<CaseResult> on(Engine engine) {
    var check = new FaultCheck(engine);
    var results = new ArrayList<CaseResult>();
    losses()
        .forEach((name, loss) -> {
          for (DType dtype : List.of(DType.U8, DType.I32, DType.I64)) {
            for (long bad : dtype == DType.U8 ? List.of(200L) : List.of(-1L, IGNORED + 1L)) {
              results.add(
                  CaseResult.attempt(
                      SUITE,
                      "%s %s %d".formatted(name, dtype, bad),
                      () -> check.loss(loss, name.startsWith("multiclass"), dtype, bad)));
            }
          }
        });
    results.add(CaseResult.attempt(SUITE, "binary counts", check::binaryCounts));
    results.add(CaseResult.attempt(SUITE, "confusion matrix", check::matrix));
    return results;
  }

  private static Map<String, SegmentationLoss> losses() {
    var losses = new LinkedHashMap<String, SegmentationLoss>();
    BceLoss bce = new BceLoss().ignoreIndex(IGNORED);
    losses.put("binary dice + bce", new DiceLoss().ignoreIndex(IGNORED).plus(bce));
    losses.put("binary bce", bce);
    losses.put("binary bce none", bce.reduction(Reduction.NONE));
    losses.put("binary lovasz", new LovaszLoss().ignoreIndex(IGNORED));
    CrossEntropyLoss entropy = new CrossEntropyLoss().ignoreIndex(IGNORED);
    losses.put("multiclass cross-entropy", entropy);
    losses.put("multiclass cross-entropy none", entropy.reduction(Reduction.NONE));
    losses.put("multiclass dice", new DiceLoss().mode(Mode.MULTICLASS).ignoreIndex(IGNORED));
    LovaszLoss lovasz = new LovaszLoss().mode(Mode.MULTICLASS).ignoreIndex(IGNORED);
    losses.put("multiclass lovasz", lovasz);
    losses.put("multiclass cross-entropy + lovasz", entropy.plus(lovasz));
    return losses;
  }

  private Optional<String> loss(SegmentationLoss loss, boolean multiclass, DType dtype, long bad) {
    try (var _ = engine.openScope()) {
      Tensor logits = logits(multiclass ? CLASSES : 1);
      LossResult faulty = loss.forwardBackward(logits, labels(dtype, bad));
      Tensor single = faulty.value().sum();
      PendingValue late = single.itemLater();
      LossResult sound = loss.forwardBackward(logits, labels(dtype, 1));
      LossResult ignored =
          loss.forwardBackward(logits, labels(dtype, dtype == DType.U8 ? 1 : IGNORED));
      return noFault("the sound value", () -> sound.value().sum().item())
          .or(() -> noFault("the value with an ignored label", () -> ignored.value().sum().item()))
          .or(() -> noFault("waiting", engine::synchronize))
          .or(() -> fault("the gradient", () -> faulty.gradient().toFloatArray()))
          .or(() -> fault("the value", () -> faulty.value().toFloatArray()))
          .or(() -> fault("the value read late", late::await))
          .or(() -> noFault("the sound gradient", () -> sound.gradient().toFloatArray()));
    }
  }

  private Optional<String> binaryCounts() {
    try (var _ = engine.openScope();
        var metric = new BinaryJaccardIndex(engine);
        var other = new BinaryJaccardIndex(engine)) {
      SegmentationLoss loss = new DiceLoss();
      Tensor logits = logits(1);
      other.update(logits, labels(DType.U8, 1));
      metric.update(logits, labels(DType.I64, -1));
      return noFault("another metric", other::counts)
          .or(() -> fault("the metric", metric::counts))
          .or(() -> fault("the metric again", metric::compute))
          .or(() -> {
            metric.reset();
            loss.forwardBackward(logits, labels(DType.U8, 1), engine.one(), metric);
            return noFault("the metric after a reset", metric::counts);
          })
          .or(() -> {
            loss.forwardBackward(logits, labels(DType.U8, 7), engine.one(), metric);
            return fault("the metric that rode along", metric::counts);
          });
    }
  }

  private Optional<String> matrix() {
    try (var _ = engine.openScope();
        var metric = new MulticlassConfusion(engine, CLASSES)) {
      metric.update(logits(CLASSES), labels(DType.I32, CLASSES));
      return noFault("waiting", engine::synchronize)
          .or(() -> fault("the matrix", metric::compute))
          .or(() -> {
            metric.reset();
            metric.update(logits(CLASSES), labels(DType.I32, 1));
            return noFault("the matrix after a reset", metric::compute);
          });
    }
  }

  private Tensor logits(int classes) {
    Tensor logits = engine.tensor(new float[classes * PIXELS], 1, classes, PIXELS);
    return classes == 1 ? logits.reshape(1, PIXELS) : logits;
  }

  /** Labels 0 and one other. */
  private Tensor labels(DType dtype, long label) {
    MemorySegment values =
        switch (dtype) {
          case U8 -> {
            byte[] bytes = new byte[PIXELS];
            bytes[FAULT] = (byte) label;
            yield MemorySegment.ofArray(bytes);
          }
          case I32 -> {
            int[] ints = new int[PIXELS];
            ints[FAULT] = (int) label;
            yield MemorySegment.ofArray(ints);
          }
          default -> {
            long[] longs = new long[PIXELS];
            longs[FAULT] = label;
            yield MemorySegment.ofArray(longs);
          }
        };
    return engine.upload(values, dtype, Shape.of(1, PIXELS));
  }

  private static Optional<String> fault(String what, Runnable read) {
    String message = read(read);
    return message != null && message.contains("first at element " + FAULT + ";")
        ? Optional.empty()
        : Optional.of("reading %s said %s".formatted(what, message));
  }

  private static Optional<String> noFault(String what, Runnable read) {
    return Optional.ofNullable(read(read))
        .map(message -> "reading %s said %s".formatted(what, message));
  }

  private static @Nullable String read(Runnable read) {
    try {
      read.run();
      return null;
    } catch (DataException e) {
      return e.getMessage();
    }
  }
}
