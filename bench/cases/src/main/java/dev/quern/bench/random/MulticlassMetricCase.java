package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.bench.definition.ClassMatrix;
import dev.quern.bench.definition.Verdict;
import dev.quern.metric.Average;
import dev.quern.metric.ConfusionMatrix;
import dev.quern.metric.MulticlassConfusion;
import dev.quern.metric.MulticlassConfusionOptions;
import dev.quern.metric.Score;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The confusion matrix of pixels with one class each, and its scores.
 *
 * @param counting the classes, and what is left out
 * @param zeroDivision the score of 0 / 0
 * @param images how many images
 * @param pixels of an image
 * @param predictions scores (images, classes, pixels), or labels as many as targets
 * @param predictionsDtype F32 for scores
 * @param target labels (images, pixels)
 * @param targetDtype how targets are stored
 * @param memory where operands lie
 */
@SuppressWarnings("ArrayRecordComponent") // a case is drawn, run and forgotten
record MulticlassMetricCase(
    ClassMatrix counting,
    double zeroDivision,
    int images,
    int pixels,
    float[] predictions,
    DType predictionsDtype,
    float[] target,
    DType targetDtype,
    Memory memory)
    implements RandomCase {

  @Override
  public String describe() {
    return "multiclass counts %s of %d x %d pixels, predictions %s, target %s, 0 / 0 is %s, %s"
        .formatted(counting, images, pixels, predictionsDtype, targetDtype, zeroDivision, memory);
  }

  @Override
  public Verdict run(Device device) {
    boolean scores = predictionsDtype == DType.F32;
    long[] labels = scores ? counting.labels(predictions, pixels) : longs(predictions);
    long[] expected = counting.count(labels, longs(target));
    var options =
        new MulticlassConfusionOptions(counting.classes(), counting.ignored(), zeroDivision, false);
    ConfusionMatrix counted =
        device.oneCall() && memory != Memory.TENSORS
            ? onSegments(options)
            : device.engine().scoped(() -> onTensors(device.engine(), options));
    if (!Arrays.equals(expected, counted.toArray())) {
      return Verdict.wrong(
          "matrix %s in place of %s"
              .formatted(Arrays.toString(counted.toArray()), Arrays.toString(expected)));
    }
    Integer ignored = counting.ignored();
    int left = ignored != null && ignored >= 0 && ignored < counting.classes() ? ignored : -1;
    return ScoreCheck.compare(
        counting.rows(expected),
        true,
        left,
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

  private static long[] longs(float[] values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = (long) values[i];
    }
    return longs;
  }

  private ConfusionMatrix onSegments(MulticlassConfusionOptions options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = Memory.target(predictions, predictionsDtype);
      MemorySegment labels = Memory.target(target, targetDtype);
      boolean copies = memory.isNative();
      return MulticlassConfusion.count(
          copies ? memory.copy(x, arena) : x,
          predictionsDtype,
          copies ? memory.copy(labels, arena) : labels,
          targetDtype,
          pixels,
          options);
    }
  }

  private ConfusionMatrix onTensors(Engine engine, MulticlassConfusionOptions options) {
    Shape labels = Shape.of(images, pixels);
    Shape scores = Shape.of(images, counting.classes(), pixels);
    try (var metric = new MulticlassConfusion(engine, options)) {
      metric.update(
          engine.upload(
              Memory.target(predictions, predictionsDtype),
              predictionsDtype,
              predictionsDtype == DType.F32 ? scores : labels),
          engine.upload(Memory.target(target, targetDtype), targetDtype, labels));
      return metric.compute();
    }
  }
}
