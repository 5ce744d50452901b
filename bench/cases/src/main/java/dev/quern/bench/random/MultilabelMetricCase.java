package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.bench.definition.BinaryCounts;
import dev.quern.bench.definition.Verdict;
import dev.quern.metric.Average;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.MultilabelConfusion;
import dev.quern.metric.MultilabelCounts;
import dev.quern.metric.Predictions;
import dev.quern.metric.Score;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Confusion counts of several binary predictions a pixel, and their scores.
 *
 * @param counting what counts as positive, and what is left out
 * @param zeroDivision the score of 0 / 0
 * @param images how many images
 * @param classes how many classes
 * @param pixels of an image
 * @param x predictions (images, classes, pixels)
 * @param target as many
 * @param targetDtype how targets are stored
 * @param memory where operands lie
 */
@SuppressWarnings("ArrayRecordComponent") // a case is drawn, run and forgotten
record MultilabelMetricCase(
    BinaryCounts counting,
    double zeroDivision,
    int images,
    int classes,
    int pixels,
    float[] x,
    float[] target,
    DType targetDtype,
    Memory memory)
    implements RandomCase {

  @Override
  public String describe() {
    return "multilabel counts %s of (%d, %d, %d), target %s, 0 / 0 is %s, %s"
        .formatted(counting, images, classes, pixels, targetDtype, zeroDivision, memory);
  }

  @Override
  public Verdict run(Device device) {
    boolean arrays = device.oneCall() && memory != Memory.TENSORS;
    var options =
        new BinaryConfusionOptions(
            Predictions.valueOf(counting.kind().name()),
            counting.threshold(),
            counting.ignored(),
            zeroDivision,
            false);
    MultilabelCounts counted =
        arrays && counting.kind() != BinaryCounts.Kind.AUTO
            ? onSegments(options)
            : device.engine().scoped(() -> onTensors(device.engine(), options));
    long[] rows = counting.count(x, target, classes, pixels);
    long[] actual = new long[rows.length];
    for (int c = 0; c < classes; c++) {
      ConfusionCounts own = counted.classes().get(c);
      actual[4 * c] = own.trueNegatives();
      actual[4 * c + 1] = own.falsePositives();
      actual[4 * c + 2] = own.falseNegatives();
      actual[4 * c + 3] = own.truePositives();
    }
    if (!Arrays.equals(rows, actual)) {
      return Verdict.wrong(
          "counts %s in place of %s".formatted(Arrays.toString(actual), Arrays.toString(rows)));
    }
    return ScoreCheck.compare(
        rows,
        false,
        -1,
        zeroDivision,
        new ScoreCheck.Scores() {
          @Override
          public double of(Score score, Average average) {
            return counted.score(score, average);
          }

          @Override
          public double[] perClass(Score score) {
            return counted.perClass(score);
          }
        });
  }

  private MultilabelCounts onSegments(BinaryConfusionOptions options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment predictions = MemorySegment.ofArray(x);
      MemorySegment labels = Memory.target(target, targetDtype);
      boolean copies = memory.isNative();
      return MultilabelConfusion.count(
          copies ? memory.copy(predictions, arena) : predictions,
          copies ? memory.copy(labels, arena) : labels,
          targetDtype,
          classes,
          pixels,
          options);
    }
  }

  private MultilabelCounts onTensors(Engine engine, BinaryConfusionOptions options) {
    Shape shape = Shape.of(images, classes, pixels);
    try (var metric = new MultilabelConfusion(engine, classes, options)) {
      metric.update(
          engine.upload(MemorySegment.ofArray(x), DType.F32, shape),
          engine.upload(Memory.target(target, targetDtype), targetDtype, shape));
      return metric.compute();
    }
  }
}
