package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.definition.BinaryCounts;
import dev.quern.bench.definition.ClassScore;
import dev.quern.bench.definition.Verdict;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.Predictions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Confusion counts of binary predictions over some batches, and their Jaccard index.
 *
 * @param counting what counts as positive, and what is left out
 * @param zeroDivision the index of an empty union
 * @param batches what is counted
 * @param targetDtype how targets are stored
 * @param road how counts are asked for
 * @param memory where operands lie
 */
record BinaryMetricCase(
    BinaryCounts counting,
    double zeroDivision,
    List<Counted> batches,
    DType targetDtype,
    Road road,
    Memory memory)
    implements RandomCase {

  /**
   * A batch.
   *
   * @param x predictions
   * @param target as many
   * @param images whose pixels lie side by side
   */
  @SuppressWarnings("ArrayRecordComponent") // lives within a case
  record Counted(float[] x, float[] target, int images) {}

  /** How counts are asked for. */
  enum Road {
    /** By the metric's own pass. */
    UPDATE,
    /** Every image by itself. */
    PER_IMAGE,
    /** Beside a loss of two terms. */
    WITH_LOSS,
    /** Beside a Lovasz loss. */
    WITH_LOVASZ
  }

  @Override
  public String describe() {
    return "binary counts %s of %s predictions, target %s, 0 / 0 is %s, %s, %s"
        .formatted(
            counting,
            batches.stream().map(b -> b.images() + " x " + b.x().length / b.images()).toList(),
            targetDtype,
            zeroDivision,
            road,
            memory);
  }

  private BinaryConfusionOptions options() {
    return new BinaryConfusionOptions(
        Predictions.valueOf(counting.kind().name()),
        counting.threshold(),
        counting.ignored(),
        zeroDivision,
        false);
  }

  @Override
  public Verdict run(Device device) {
    boolean arrays = device.oneCall() && memory != Memory.TENSORS;
    boolean byItself = road == Road.UPDATE || road == Road.PER_IMAGE;
    List<long[]> counted =
        arrays && byItself && counting.kind() != BinaryCounts.Kind.AUTO
            ? onSegments()
            : device.engine().scoped(() -> onTensors(device.engine()));
    return compare(counted);
  }

  /** Counts of each image, or of all batches. */
  private List<long[]> expected() {
    List<long[]> expected = new ArrayList<>();
    long[] total = new long[4];
    for (Counted batch : batches) {
      int inner = Math.max(1, batch.x().length / batch.images());
      long[] rows = counting.count(batch.x(), batch.target(), batch.images(), inner);
      for (int i = 0; i < rows.length; i++) {
        total[i % 4] += rows[i];
      }
      expected.add(rows);
    }
    if (road != Road.PER_IMAGE) {
      expected.clear();
      expected.add(total);
    }
    return expected;
  }

  private Verdict compare(List<long[]> counted) {
    List<long[]> expected = expected();
    for (int b = 0; b < expected.size(); b++) {
      if (!Arrays.equals(expected.get(b), counted.get(b))) {
        return Verdict.wrong(
            "counts {tn, fp, fn, tp} %s in place of %s"
                .formatted(Arrays.toString(counted.get(b)), Arrays.toString(expected.get(b))));
      }
    }
    long[] first = expected.getFirst();
    for (ClassScore score : ClassScore.values()) {
      double right = score.of(Arrays.copyOf(first, 4), false, zeroDivision);
      double actual =
          ScoreCheck.of(
              score, new ConfusionCounts(first[0], first[1], first[2], first[3]), zeroDivision);
      if (!ScoreCheck.near(right, actual)) {
        return Verdict.wrong("%s %s in place of %s".formatted(score, actual, right));
      }
    }
    return Verdict.RIGHT;
  }

  private List<long[]> onSegments() {
    List<long[]> all = new ArrayList<>();
    long[] total = new long[4];
    try (Arena arena = Arena.ofConfined()) {
      for (Counted batch : batches) {
        MemorySegment x = place(MemorySegment.ofArray(batch.x()), arena);
        MemorySegment target = place(Memory.target(batch.target(), targetDtype), arena);
        long[] rows =
            rows(
                road == Road.PER_IMAGE
                    ? BinaryJaccardIndex.countPerImage(
                        x, target, targetDtype, batch.images(), options())
                    : List.of(BinaryJaccardIndex.count(x, target, targetDtype, options())));
        for (int i = 0; i < 4; i++) {
          total[i] += rows[i];
        }
        all.add(rows);
      }
    }
    return road == Road.PER_IMAGE ? all : List.of(total);
  }

  private MemorySegment place(MemorySegment heap, Arena arena) {
    return memory.isNative() ? memory.copy(heap, arena) : heap;
  }

  private static long[] rows(List<ConfusionCounts> counts) {
    return counts.stream()
        .flatMapToLong(c ->
            Arrays.stream(
                new long[] {
                  c.trueNegatives(), c.falsePositives(), c.falseNegatives(), c.truePositives()
                }))
        .toArray();
  }

  private List<long[]> onTensors(Engine engine) {
    List<long[]> perImage = new ArrayList<>();
    try (var metric = new BinaryJaccardIndex(engine, options())) {
      for (Counted batch : batches) {
        Shape shape = Shape.of(batch.images(), batch.x().length / batch.images());
        Tensor x = engine.upload(MemorySegment.ofArray(batch.x()), DType.F32, shape);
        Tensor target =
            engine.upload(Memory.target(batch.target(), targetDtype), targetDtype, shape);
        switch (road) {
          case UPDATE -> metric.update(x, target);
          case PER_IMAGE -> perImage.add(metric.countPerImage(x, target).toLongArray());
          default -> beside(metric, x, target);
        }
      }
      return road == Road.PER_IMAGE ? perImage : List.of(rows(List.of(metric.counts())));
    }
  }

  private void beside(BinaryJaccardIndex metric, Tensor x, Tensor target) {
    Integer ignored = counting.ignored();
    SegmentationLoss loss;
    if (road == Road.WITH_LOVASZ) {
      loss = ignored == null ? new LovaszLoss() : new LovaszLoss().ignoreIndex(ignored);
    } else {
      DiceLoss dice = ignored == null ? new DiceLoss() : new DiceLoss().ignoreIndex(ignored);
      BceLoss bce = ignored == null ? new BceLoss() : new BceLoss().ignoreIndex(ignored);
      loss = dice.plus(bce);
    }
    loss.forwardBackward(x, target, x.engine().one(), metric);
  }
}
