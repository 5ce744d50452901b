package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.bench.definition.Batch;
import dev.quern.bench.definition.Batch.Layout;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions.Lovasz;
import dev.quern.loss.Mode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Draws Lovasz losses, sometimes with others beside them. Many errors are equal. Left out as in
 * {@link LossDraw}: softmaxes with two infinite logits or only negative infinite ones.
 */
final class LovaszDraw {
  private static final int[] PIXELS = {
    0, 1, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 251, 509, 1021
  };

  private final Draw draw;
  private final Mode mode;
  private final int images;
  private final int classes;
  private final int pixels;
  private final boolean probabilities;
  private final @Nullable Integer ignored;
  private final Values.Style style;

  LovaszDraw(Draw draw) {
    this.draw = draw;
    this.mode = draw.of(List.of(Mode.values()));
    this.images = draw.of(1, 1, 2, 3, 5);
    this.classes = mode == Mode.BINARY ? 1 : draw.of(1, 2, 2, 3, 3, 4, 5, 9, 21);
    this.pixels = draw.chance(0.01) ? draw.of(4099, 20011) : draw.of(PIXELS);
    this.probabilities = mode == Mode.MULTICLASS && draw.chance(0.25);
    this.ignored = draw.chance(0.6) ? null : draw.of(255, 0, 1, 200);
    Values.Style any = Values.style(draw);
    boolean single = classes == 1 && any == Values.Style.INFINITE;
    this.style = mode == Mode.MULTICLASS && single ? Values.Style.WIDE : any;
  }

  LossCase draw() {
    Layout layout = mode == Mode.MULTICLASS ? Layout.LABELS : Layout.ELEMENTS;
    float[] target = target(layout);
    boolean alone = draw.chance(0.8);
    float[] x = input(target, alone ? Float.MAX_VALUE : 1e30f);
    Form form = draw.of(List.of(Form.values()));
    boolean perImage = draw.chance(0.3);
    List<Weighted> parts = new ArrayList<>();
    parts.add(new Weighted(lovasz(), alone && draw.chance(0.8) ? 1 : draw.option(0.1, 3)));
    if (!alone) {
      parts.addAll(new TermDraw(draw, mode, classes, form, style).terms());
    }
    Shape shape =
        mode == Mode.BINARY ? Shape.of(images, pixels) : Shape.of(images, classes, pixels);
    return new LossCase(
        mode,
        shape,
        layout == Layout.LABELS ? Shape.of(images, pixels) : shape,
        new Batch(layout, probabilities, images, classes, pixels, x, target, ignored, null),
        targetDtype(),
        List.copyOf(parts),
        form,
        perImage,
        (float) draw.of(1, 1, 0.5, 1024, -2),
        draw.of(List.of(Memory.values())),
        style);
  }

  /** F32 that is as long as the logits would be shares, not labels. */
  private DType targetDtype() {
    boolean shares = mode == Mode.MULTICLASS && (classes == 1 || pixels == 0);
    DType dtype = draw.of(List.of(DType.U8, DType.U8, DType.I32, DType.I64, DType.F32));
    return shares && dtype == DType.F32 ? DType.I32 : dtype;
  }

  private Lovasz lovasz() {
    boolean perImage = draw.chance(0.4);
    if (mode != Mode.MULTICLASS || draw.coin()) {
      return new Lovasz(perImage, Lovasz.Averaged.PRESENT, List.of());
    }
    List<Integer> listed = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      if (draw.coin()) {
        listed.add(c);
      }
    }
    return listed.isEmpty()
        ? new Lovasz(perImage, Lovasz.Averaged.ALL, List.of())
        : new Lovasz(perImage, Lovasz.Averaged.LISTED, List.copyOf(listed));
  }

  private float[] target(Layout layout) {
    boolean labels = layout == Layout.LABELS;
    float[] target = new float[images * pixels * (labels ? 1 : classes)];
    int present = labels ? 1 + draw.below(classes) : 2;
    double density = draw.of(0, 0.05, 0.3, 0.5, 1);
    double left = ignored == null ? 0 : draw.of(0.1, 0.5, 1);
    for (int i = 0; i < target.length; i++) {
      target[i] = labels ? draw.below(present) : draw.chance(density) ? 1 : 0;
      target[i] = ignored != null && draw.chance(left) ? ignored : target[i];
    }
    return target;
  }

  /** Finite logits up to a bound: f32 cannot hold what many larger ones cost in other losses. */
  private float[] input(float[] target, float bound) {
    float[] x = new float[images * classes * pixels];
    double margin = draw.of(1, 12, 18, 30, 80);
    boolean coarse = draw.chance(0.2);
    for (int i = 0; i < images * pixels; i++) {
      for (int c = 0; c < classes; c++) {
        int at = (i / pixels * classes + c) * pixels + i % pixels;
        boolean on = mode == Mode.MULTICLASS ? target[i] == c : target[at] == 1;
        float v =
            probabilities
                ? Values.probability(draw, style, on ? 1 : -1)
                : Values.logit(draw, style, on ? 1 : -1, margin);
        x[at] = coarse && !probabilities && Math.abs(v) < 1e6f ? Math.round(v) : v;
        x[at] = Float.isFinite(v) ? Math.clamp(x[at], -bound, bound) : x[at];
      }
      if (mode == Mode.MULTICLASS && !probabilities) {
        limit(x, i);
      }
    }
    return x;
  }

  /** Leaves one large logit in a pixel, and a finite one. */
  private void limit(float[] x, int i) {
    int large = 0;
    for (int c = 0; c < classes; c++) {
      int at = (i / pixels * classes + c) * pixels + i % pixels;
      boolean isLarge = Math.abs(x[at]) > 1e9f;
      large += isLarge ? 1 : 0;
      x[at] = isLarge && (large > 1 || classes == 1) ? c : x[at];
    }
  }
}
