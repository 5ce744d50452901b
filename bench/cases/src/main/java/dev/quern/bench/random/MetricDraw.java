package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.bench.definition.BinaryCounts;
import dev.quern.bench.definition.BinaryCounts.Kind;
import dev.quern.bench.definition.ClassMatrix;
import dev.quern.bench.random.BinaryMetricCase.Counted;
import dev.quern.bench.random.BinaryMetricCase.Road;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Draws metrics. Thresholds are often the very probability of a prediction. */
final class MetricDraw {
  private static final int[] PIXELS = {1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 63, 65, 127, 257, 1025};
  private static final double[] EXTREMES = {
    0,
    -0.0,
    1,
    0.5,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    17,
    -17,
    104,
    -104,
    1e-8,
    -1e-8,
    1e-45,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    1 - 0x1p-24
  };

  private final Draw draw;
  private final DType targetDtype;
  private final @Nullable Integer ignored;
  private final double zeroDivision;
  private final Memory memory;

  MetricDraw(Draw draw) {
    this.draw = draw;
    this.targetDtype = draw.of(List.of(DType.U8, DType.U8, DType.I32, DType.I64, DType.F32));
    int index = targetDtype == DType.U8 ? draw.of(255, 0, 1) : draw.of(255, -1, 0, 1);
    this.ignored = draw.coin() ? null : index;
    this.zeroDivision = draw.of(0, 0, 1, Double.NaN);
    this.memory = draw.of(List.of(Memory.values()));
  }

  RandomCase draw() {
    return switch (draw.below(3)) {
      case 0 -> binary();
      case 1 -> multilabel();
      default -> multiclass();
    };
  }

  private RandomCase binary() {
    Kind kind = draw.of(List.of(Kind.values()));
    Road road = draw.of(List.of(Road.values()));
    if (kind != Kind.LOGITS && road != Road.PER_IMAGE) {
      road = Road.UPDATE;
    }
    boolean report = road == Road.WITH_LOSS || road == Road.WITH_LOVASZ;
    List<Counted> batches = new ArrayList<>();
    for (int b = draw.of(1, 1, 2, 3); b > 0; b--) {
      int images = draw.of(1, 1, 2, 3);
      int length = images * draw.of(PIXELS);
      batches.add(
          new Counted(predictions(kind, length), target(length, 2, report ? 0 : 0.02), images));
    }
    var counting = new BinaryCounts(kind, threshold(kind, batches.getFirst().x()), ignored);
    return new BinaryMetricCase(counting, zeroDivision, batches, targetDtype, road, memory);
  }

  private RandomCase multilabel() {
    Kind kind = draw.of(List.of(Kind.values()));
    int images = draw.of(1, 2, 3);
    int classes = draw.of(1, 2, 3, 5, 17);
    int pixels = draw.of(PIXELS);
    float[] x = predictions(kind, images * classes * pixels);
    return new MultilabelMetricCase(
        new BinaryCounts(kind, threshold(kind, x), ignored),
        zeroDivision,
        images,
        classes,
        pixels,
        x,
        target(x.length, 2, 0.02),
        targetDtype,
        memory);
  }

  private RandomCase multiclass() {
    int images = draw.of(1, 2, 3);
    int classes = draw.of(2, 2, 3, 4, 5, 9, 19);
    int pixels = draw.of(PIXELS);
    List<DType> labels = List.of(DType.U8, DType.I32, DType.I64);
    DType predictionsDtype = draw.coin() ? DType.F32 : draw.of(labels);
    float[] predictions =
        predictionsDtype == DType.F32
            ? scores(images * classes * pixels)
            : labels(images * pixels, classes, 0.02);
    return new MulticlassMetricCase(
        new ClassMatrix(classes, ignored),
        zeroDivision,
        images,
        pixels,
        predictions,
        predictionsDtype,
        target(images * pixels, draw.coin() ? classes : 1 + draw.below(classes), 0.02),
        targetDtype == DType.F32 ? DType.I64 : targetDtype,
        memory);
  }

  private double threshold(Kind kind, float[] x) {
    if (x.length > 0 && draw.coin()) {
      double at = x[draw.below(x.length)];
      double p = kind == Kind.LOGITS ? (float) (1 / (1 + Math.exp(-at))) : at;
      if (p >= 0 && p <= 1) {
        return p;
      }
    }
    return draw.of(0.5, 0.5, 0, 1, 1e-7, draw.uniform(0, 1));
  }

  private float[] predictions(Kind kind, int length) {
    float[] x = new float[length];
    double extremes = draw.chance(0.3) ? 0.3 : 0;
    boolean logits = kind == Kind.LOGITS || (kind == Kind.AUTO && draw.coin());
    for (int i = 0; i < length; i++) {
      if (kind == Kind.LABELS) {
        x[i] = draw.below(2);
      } else if (draw.chance(extremes)) {
        x[i] = (float) draw.of(EXTREMES);
      } else {
        x[i] = (float) (logits ? 3 * draw.normal() : draw.uniform(0, 1));
      }
    }
    return x;
  }

  /** Scores with many ties. */
  private float[] scores(int length) {
    float[] scores = new float[length];
    boolean ties = draw.chance(0.3);
    for (int i = 0; i < length; i++) {
      boolean extreme = draw.chance(0.05);
      scores[i] = (float) (extreme ? draw.of(EXTREMES) : ties ? draw.below(3) : draw.normal());
    }
    return scores;
  }

  private float[] labels(int length, int classes, double faulty) {
    float[] labels = new float[length];
    for (int i = 0; i < length; i++) {
      labels[i] = draw.chance(faulty) ? draw.of(classes, 200) : draw.below(classes);
    }
    return labels;
  }

  private float[] target(int length, int classes, double faulty) {
    float[] target = labels(length, classes, draw.chance(0.3) ? faulty : 0);
    for (int i = 0; i < length; i++) {
      target[i] = ignored != null && draw.chance(0.2) ? ignored : target[i];
    }
    return target;
  }
}
