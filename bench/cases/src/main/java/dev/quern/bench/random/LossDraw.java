package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.bench.definition.Batch;
import dev.quern.bench.definition.Batch.Layout;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions;
import dev.quern.loss.Mode;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Draws fused losses. Not drawn, as neither a definition nor the documentation gives one right
 * result: a pixel whose softmax has two infinite logits or only negative infinite ones; infinite
 * logits in a normalized focal loss; a power of an overlap loss below 0, or of one so small that
 * f32 cannot hold it; a NaN among the probabilities of classes that exclude one another; several
 * logits of 1e38, whose sum f32 cannot hold. Faulty targets have tests of their own.
 */
final class LossDraw {
  private static final int[] PIXELS = {
    0, 1, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 35, 63, 64, 65, 77, 127, 129, 143, 251, 323, 509,
    899, 1021
  };
  private static final int[] LARGE = {4096, 4099, 10007, 70001};

  private final Draw draw;

  LossDraw(Draw draw) {
    this.draw = draw;
  }

  LossCase draw() {
    Mode mode = draw.of(List.of(Mode.BINARY, Mode.MULTILABEL, Mode.MULTICLASS));
    Form form = draw.of(List.of(Form.values()));
    boolean perImage = draw.chance(0.3);
    int classes = mode == Mode.BINARY ? 1 : draw.of(1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 17, 21);
    int images = mode == Mode.BINARY && !perImage ? 1 : draw.of(1, 1, 2, 3, 5);
    int pixels = draw.chance(0.01) ? draw.of(LARGE) : draw.of(PIXELS);
    pixels = classes * images * pixels > 100_000 ? 1021 : pixels;
    Values.Style style = Values.style(draw);
    boolean probabilities = draw.chance(0.25);
    boolean nan = style == Values.Style.NAN && mode == Mode.MULTICLASS;
    style = nan && probabilities ? Values.Style.ORDINARY : style;
    Layout layout =
        mode != Mode.MULTICLASS
            ? Layout.ELEMENTS
            : draw.chance(0.25) && pixels > 0 ? Layout.SHARES : Layout.LABELS;
    List<Weighted> parts = new TermDraw(draw, mode, classes, form, style).terms();
    boolean soft = layout == Layout.SHARES || (layout == Layout.ELEMENTS && draw.chance(0.25));
    Integer ignored = layout == Layout.SHARES || draw.chance(0.6) ? null : draw.of(255, 0, 1, 200);
    DType dtype =
        soft ? DType.F32 : draw.of(List.of(DType.U8, DType.U8, DType.I32, DType.I64, DType.F32));
    float[] target = target(layout, images, classes, pixels, soft, ignored);
    float[] x = new float[images * classes * pixels];
    Batch empty =
        new Batch(layout, probabilities, images, classes, pixels, x, target, ignored, null);
    fill(empty, style);
    boolean bce = parts.stream().anyMatch(p -> p.options() instanceof LossOptions.Bce);
    float[] weight = bce && draw.chance(0.2) ? weights(x.length) : null;
    Batch batch =
        new Batch(layout, probabilities, images, classes, pixels, x, target, ignored, weight);
    Memory memory = weight != null ? Memory.TENSORS : draw.of(List.of(Memory.values()));
    Shape shape = shape(mode, perImage, images, classes, pixels);
    return new LossCase(
        mode,
        shape,
        layout == Layout.LABELS ? Shape.of(images, pixels) : shape,
        batch,
        dtype,
        parts,
        form,
        perImage,
        (float) draw.of(1, 1, 0.5, 1024, -2),
        memory,
        style);
  }

  private static Shape shape(Mode mode, boolean perImage, int images, int classes, int pixels) {
    if (mode == Mode.BINARY) {
      return perImage ? Shape.of(images, pixels) : Shape.of(pixels);
    }
    return Shape.of(images, classes, pixels);
  }

  private float[] weights(int length) {
    float[] weights = new float[length];
    for (int i = 0; i < length; i++) {
      weights[i] = (float) draw.uniform(0.1, 3);
    }
    return weights;
  }

  private float[] target(
      Layout layout, int images, int classes, int pixels, boolean soft, @Nullable Integer ignored) {
    boolean labels = layout == Layout.LABELS;
    float[] target = new float[labels ? images * pixels : images * classes * pixels];
    int present = labels ? 1 + draw.below(classes) : 2;
    double density = draw.of(0, 0.05, 0.3, 0.5, 1);
    for (int i = 0; i < target.length; i++) {
      target[i] = labels ? draw.below(present) : draw.chance(density) ? 1 : 0;
      if (soft) {
        target[i] = Values.share(draw);
      }
    }
    if (layout == Layout.SHARES && draw.coin()) {
      oneHot(target, images, classes, pixels);
    }
    if (ignored != null) {
      double share = draw.of(0.1, 0.5, 1);
      for (int i = 0; i < target.length; i++) {
        target[i] = draw.chance(share) ? ignored : target[i];
      }
    }
    return target;
  }

  private void oneHot(float[] target, int images, int classes, int pixels) {
    Arrays.fill(target, 0);
    for (int i = 0; i < images * pixels; i++) {
      target[(i / pixels * classes + draw.below(classes)) * pixels + i % pixels] = 1;
    }
  }

  private void fill(Batch batch, Values.Style style) {
    double margin = draw.of(12, 16, 18, 20, 30, 60, 80);
    int plane = Math.max(1, batch.pixels());
    float[] x = batch.x();
    for (int i = 0; i < x.length; i++) {
      int pixel = i / plane / batch.classes() * plane + i % plane;
      int c = i / plane % batch.classes();
      boolean on =
          batch.layout() == Layout.LABELS ? batch.target()[pixel] == c : batch.target()[i] > 0.5f;
      x[i] =
          batch.probabilities()
              ? Values.probability(draw, style, on ? 1 : -1)
              : Values.logit(draw, style, on ? 1 : -1, margin);
    }
    if (!batch.probabilities()) {
      limit(batch, plane);
    }
  }

  /**
   * Leaves one huge logit in the batch and makes the others smaller: what they cost together f32
   * cannot hold. A softmax has at most one infinite or large logit, and a single class none below.
   */
  private static void limit(Batch batch, int plane) {
    boolean softmax = batch.layout() != Layout.ELEMENTS;
    int huge = 0;
    for (int i = 0; i < batch.count(); i++) {
      int large = 0;
      for (int c = 0; c < (softmax ? batch.classes() : 1); c++) {
        int at = softmax ? (i / plane * batch.classes() + c) * plane + i % plane : i;
        float v = batch.x()[at];
        if (softmax && Math.abs(v) > 1e9f) {
          large++;
          batch.x()[at] = large > 1 || (batch.classes() == 1 && v < 0) ? c : v;
        }
        if (Math.abs(batch.x()[at]) > 1e30f && Float.isFinite(batch.x()[at])) {
          huge++;
          batch.x()[at] = huge > 1 || softmax ? v * 1e-4f : v;
        }
      }
    }
  }
}
