package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.DrawnLoss;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Every kind of fused loss: the product of layouts, inputs, terms, forms of true positives, target
 * dtypes, ignore indices and scores per image or batch, on drawn batches of odd extents; and sums
 * of losses over batches of one pixel, of a vector or a chunk more or less, of many classes, of no
 * images.
 */
public final class LossProduct {
  private static final int IGNORED = 7;
  private static final int CLASSES = 3;

  private static final WeightedTerm DICE = term(LossTerm.Overlap.dice(0, 1e-7, false));
  private static final WeightedTerm SMOOTH_DICE = term(LossTerm.Overlap.dice(1, 1e-7, false));
  private static final WeightedTerm LOG_JACCARD = term(LossTerm.Overlap.jaccard(1, 1e-7, true));
  private static final WeightedTerm TVERSKY =
      term(
          new LossTerm.Overlap(
              0.3, 0.7, 4.0 / 3, 1, 2, 1e-7, false, false, List.of(0.5, 0.2, 0.3)));
  private static final WeightedTerm BCE = term(new LossTerm.Bce(true));

  private static final List<WeightedTerm> FOCALS =
      List.of(
          focal(true, 2, 0, false, false),
          focal(false, 1.5, 0, true, false),
          focal(true, 0, 0, false, true),
          focal(true, 0.5, 0.4, false, true),
          term(new LossTerm.Focal(true, 3, 1, 1, 0.5, true, false, List.of(0.1, 0.6, 0.3))));

  private final Random random = new Random(20_261_123);
  private final List<DrawnLoss> drawn = new ArrayList<>();

  private LossProduct() {}

  /** {@return all of them, always the same} */
  public static List<DrawnLoss> all() {
    var product = new LossProduct();
    product.specifications();
    product.extents();
    return List.copyOf(product.drawn);
  }

  private void specifications() {
    for (Layout layout : Layout.values()) {
      for (LossInput input : LossInput.values()) {
        for (List<WeightedTerm> terms : terms(layout)) {
          for (TruePositiveForm form : forms(terms)) {
            for (DType dtype : List.of(DType.U8, DType.I32, DType.I64, DType.F32)) {
              for (@Nullable Integer ignored : Arrays.asList(null, IGNORED, 0)) {
                if (layout != Layout.ONE_HOT || (dtype == DType.F32 && ignored == null)) {
                  draw(layout, input, terms, form, dtype, ignored);
                }
              }
            }
          }
        }
      }
    }
  }

  private void draw(
      Layout layout,
      LossInput input,
      List<WeightedTerm> terms,
      TruePositiveForm form,
      DType dtype,
      @Nullable Integer ignored) {
    for (boolean perImage : new boolean[] {false, true}) {
      Float cut = layout == Layout.ELEMENTS && random.nextBoolean() ? Float.valueOf(0.3f) : null;
      // with and without padding
      int pixels = random.nextBoolean() ? 16 * (1 + random.nextInt(18)) : 1 + random.nextInt(300);
      add(
          new FusedLossSpec(
              layout, input, CLASSES, perImage, terms, form, ignored, DType.F32, dtype, cut),
          2,
          pixels);
    }
  }

  private void add(FusedLossSpec spec, int images, int pixels) {
    drawn.add(
        new DrawnLoss(
            spec, new LossExtent(images, spec.classes(), pixels), 3L * (1000 + drawn.size())));
  }

  private void extents() {
    List<WeightedTerm> soft = List.of(SMOOTH_DICE, crossEntropy(0.1, List.of()));
    List<WeightedTerm> hard = List.of(SMOOTH_DICE, crossEntropy(0, List.of()));
    List<WeightedTerm> each = List.of(SMOOTH_DICE, BCE);
    for (int pixels : new int[] {0, 1, 15, 16, 17, 63, 65, 1023, 1025, 2049, 4095, 4097, 8193}) {
      for (boolean perImage : new boolean[] {false, true}) {
        for (int classes : new int[] {1, 2, 5}) {
          add(spec(Layout.ELEMENTS, each, classes, perImage, DType.U8), 3, pixels);
          add(spec(Layout.LABELS, soft, classes, perImage, DType.I64), 2, pixels);
          add(spec(Layout.LABELS, hard, classes, perImage, DType.U8), 2, pixels);
        }
      }
    }
    for (int classes : new int[] {31, 33, 100, 600}) {
      add(spec(Layout.LABELS, soft, classes, false, DType.I32), 2, 257);
      add(spec(Layout.LABELS, hard, classes, false, DType.I32), 2, 257);
      add(spec(Layout.ONE_HOT, soft, classes, true, DType.F32), 1, 131);
    }
    add(spec(Layout.LABELS, soft, 3, false, DType.U8), 0, 5);
    add(spec(Layout.ELEMENTS, each, 3, true, DType.U8), 0, 5);
  }

  private static FusedLossSpec spec(
      Layout layout, List<WeightedTerm> terms, int classes, boolean perImage, DType dtype) {
    return new FusedLossSpec(
        layout,
        LossInput.LOGITS,
        classes,
        perImage,
        terms,
        TruePositiveForm.MIN,
        layout == Layout.ONE_HOT ? null : 200,
        DType.F32,
        dtype,
        null);
  }

  private static WeightedTerm term(LossTerm term) {
    return new WeightedTerm(term, 0.7);
  }

  private static WeightedTerm crossEntropy(double smoothing, List<Double> weights) {
    return term(new LossTerm.CrossEntropy(true, smoothing, weights));
  }

  private static WeightedTerm focal(
      boolean mean, double gamma, double threshold, boolean linear, boolean normalized) {
    return term(
        new LossTerm.Focal(mean, gamma, 0.25, 0.75, threshold, linear, normalized, List.of()));
  }

  private static List<TruePositiveForm> forms(List<WeightedTerm> terms) {
    return terms.stream().anyMatch(t -> t.term() instanceof LossTerm.Overlap)
        ? List.of(TruePositiveForm.values())
        : List.of(TruePositiveForm.MIN);
  }

  private static List<List<WeightedTerm>> terms(Layout layout) {
    var lists = new ArrayList<List<WeightedTerm>>();
    lists.add(List.of(DICE));
    lists.add(List.of(TVERSKY, LOG_JACCARD));
    FOCALS.forEach(focal -> lists.add(List.of(focal)));
    lists.add(List.of(DICE, FOCALS.getFirst()));
    lists.addAll(layout == Layout.ELEMENTS ? ofElements() : ofPixels());
    return lists;
  }

  private static List<List<WeightedTerm>> ofElements() {
    var lists = new ArrayList<List<WeightedTerm>>();
    WeightedTerm smoothed = term(new LossTerm.Bce(true, 0.05, true, List.of()));
    lists.add(List.of(BCE));
    lists.add(List.of(DICE, BCE));
    lists.add(List.of(DICE, smoothed, FOCALS.get(3)));
    for (WeightedTerm bce :
        List.of(
            term(new LossTerm.Bce(false)),
            term(new LossTerm.Bce(true, 0.1, false, List.of())),
            term(new LossTerm.Bce(true, 0, true, List.of(2.0, 0.5, 1.5))),
            term(new LossTerm.Bce(false, 0, false, List.of(3.0, 1.0, 0.25))),
            smoothed)) {
      lists.add(List.of(bce));
      lists.add(List.of(bce, LOG_JACCARD));
    }
    return lists;
  }

  private static List<List<WeightedTerm>> ofPixels() {
    var lists = new ArrayList<List<WeightedTerm>>();
    WeightedTerm weighted = crossEntropy(0.1, List.of(0.5, 2.0, 0.0));
    WeightedTerm softmaxFocal = term(new LossTerm.SoftmaxFocal(true, 2, List.of()));
    for (WeightedTerm pixel :
        List.of(
            crossEntropy(0, List.of()),
            crossEntropy(0.1, List.of()),
            weighted,
            softmaxFocal,
            term(new LossTerm.SoftmaxFocal(false, 0, List.of(1.0, 2.0, 3.0))),
            term(new LossTerm.SoftmaxFocal(true, 0.5, List.of(1.0, 2.0, 3.0))))) {
      lists.add(List.of(pixel));
      lists.add(List.of(DICE, pixel));
    }
    lists.add(List.of(weighted, softmaxFocal, FOCALS.getFirst(), DICE));
    return lists;
  }
}
