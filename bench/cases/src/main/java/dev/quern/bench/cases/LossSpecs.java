package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A product of layouts, inputs, terms, target dtypes, forms and ignore indices of fused losses. */
public final class LossSpecs {
  private static final int IGNORED = 255;
  private static final TruePositiveForm[] FORMS = TruePositiveForm.values();

  private static final LossTerm DICE = LossTerm.Overlap.dice(0, 1e-7, false);
  private static final LossTerm DICE_LOG = LossTerm.Overlap.dice(1, 1e-7, true);
  private static final LossTerm JACCARD = LossTerm.Overlap.jaccard(1, 1e-7, false);
  private static final LossTerm JACCARD_LOG = LossTerm.Overlap.jaccard(0, 1e-7, true);
  private static final LossTerm TVERSKY =
      LossTerm.Overlap.tversky(0.3, 0.7, 4.0 / 3, 0.3, 1e-7, false);
  private static final LossTerm TVERSKY_LOG =
      LossTerm.Overlap.tversky(0.8, 0, 0.5, 0.3, 1e-7, true);
  private static final LossTerm BCE = new LossTerm.Bce(true);
  private static final LossTerm CROSS_ENTROPY = new LossTerm.CrossEntropy(true, 0, List.of());

  private LossSpecs() {}

  private static LossTerm focal(boolean mean, double gamma) {
    return new LossTerm.Focal(mean, gamma, 1, 1, 0, false, false, List.of());
  }

  private static LossTerm alphaFocal(double gamma, double alpha, boolean linear) {
    return new LossTerm.Focal(true, gamma, alpha, 1 - alpha, 0, linear, false, List.of());
  }

  private static LossTerm weighted(List<Double> shares) {
    return new LossTerm.Overlap(0.5, 0.5, 1, 0.5, 0.7, 1e-7, false, false, shares);
  }

  /** Weights that differ, with sum 1. */
  private static List<Double> shares(int classes) {
    return switch (classes) {
      case 1 -> List.of(1.0);
      case 3 -> List.of(0.0, 0.25, 0.75);
      default -> List.of(0.0, 0.25, 0.5, 0.25);
    };
  }

  /** Weights that differ. */
  private static List<Double> factors(int classes) {
    return switch (classes) {
      case 1 -> List.of(2.5);
      case 3 -> List.of(0.5, 1.0, 3.0);
      default -> List.of(0.5, 1.0, 2.0, 0.25);
    };
  }

  private static List<List<WeightedTerm>> ofElements(int classes) {
    return List.of(
        one(DICE),
        one(DICE_LOG),
        one(JACCARD),
        one(TVERSKY),
        one(weighted(shares(classes))),
        one(BCE),
        one(new LossTerm.Bce(false, 0.1, false, factors(classes))),
        one(new LossTerm.Bce(true, 0, true, List.of())),
        one(new LossTerm.Bce(true, 0.1, false, List.of(), true)),
        one(focal(true, 0)),
        one(focal(false, 2)),
        one(focal(true, 0.5)),
        one(alphaFocal(1.5, 0.25, false)),
        one(alphaFocal(2, 0.9, true)),
        one(new LossTerm.Focal(true, 2, 1, 1, 0.5, false, false, shares(classes))),
        one(new LossTerm.Focal(true, 2, 0.25, 0.75, 0, false, true, List.of())),
        one(new LossTerm.Focal(false, 1.5, 1, 1, 0.5, false, true, List.of())),
        List.of(new WeightedTerm(DICE, 0.5), new WeightedTerm(BCE, 2)),
        List.of(new WeightedTerm(TVERSKY_LOG, 1), new WeightedTerm(BCE, 1)),
        List.of(
            new WeightedTerm(DICE, 0.5),
            new WeightedTerm(JACCARD_LOG, 0.3),
            new WeightedTerm(new LossTerm.Bce(false), 0.01),
            new WeightedTerm(BCE, 0.2),
            new WeightedTerm(focal(true, 2), 1.5)));
  }

  private static List<List<WeightedTerm>> ofClasses(int classes) {
    return List.of(
        one(DICE),
        one(JACCARD_LOG),
        one(TVERSKY),
        one(weighted(shares(classes))),
        one(CROSS_ENTROPY),
        one(new LossTerm.CrossEntropy(true, 0.1, factors(classes))),
        one(new LossTerm.CrossEntropy(false, 0.2, List.of())),
        one(new LossTerm.SoftmaxFocal(true, 2, List.of())),
        one(new LossTerm.SoftmaxFocal(true, 0.5, factors(classes))),
        one(new LossTerm.SoftmaxFocal(false, 0, List.of())),
        one(focal(true, 1.5)),
        one(new LossTerm.Focal(false, 2, 0.25, 0.75, 0.5, false, true, shares(classes))),
        List.of(new WeightedTerm(DICE, 0.5), new WeightedTerm(CROSS_ENTROPY, 2)),
        List.of(
            new WeightedTerm(JACCARD, 1),
            new WeightedTerm(CROSS_ENTROPY, 0.5),
            new WeightedTerm(focal(true, 2), 3),
            new WeightedTerm(new LossTerm.SoftmaxFocal(true, 1.5, List.of()), 1)));
  }

  private static List<WeightedTerm> one(LossTerm term) {
    return List.of(new WeightedTerm(term, 1));
  }

  /** {@return all specifications; grouping by image takes turns} */
  public static List<FusedLossSpec> all() {
    var specs = new ArrayList<FusedLossSpec>();
    for (LossInput input : LossInput.values()) {
      for (int classes : new int[] {1, 3}) {
        for (List<WeightedTerm> terms : ofElements(classes)) {
          add(specs, Layout.ELEMENTS, input, classes, terms, DType.U8, DType.F32);
          add(specs, Layout.ELEMENTS, input, classes, terms, DType.I64, DType.F32);
        }
      }
      for (List<WeightedTerm> terms : ofClasses(4)) {
        add(specs, Layout.LABELS, input, 4, terms, DType.U8, DType.I64);
        add(specs, Layout.LABELS, input, 4, terms, DType.I32, DType.F32);
        add(specs, Layout.ONE_HOT, input, 4, terms, DType.F32);
      }
    }
    return specs.stream().distinct().toList();
  }

  /** Forms, ignore index and grouping take turns; overlaps see every form. */
  private static void add(
      List<FusedLossSpec> specs,
      Layout layout,
      LossInput input,
      int classes,
      List<WeightedTerm> terms,
      DType... targets) {
    boolean overlap = terms.stream().anyMatch(t -> t.term() instanceof LossTerm.Overlap);
    for (DType target : targets) {
      for (TruePositiveForm form : overlap ? FORMS : new TruePositiveForm[] {FORMS[0]}) {
        boolean perImage = specs.size() % 2 == 1;
        boolean ignores = layout != Layout.ONE_HOT && specs.size() % 3 != 1;
        for (@Nullable Integer ignoreIndex :
            ignores
                ? Arrays.asList(null, IGNORED)
                : Arrays.<@Nullable Integer>asList((Integer) null)) {
          specs.add(
              new FusedLossSpec(
                  layout,
                  input,
                  classes,
                  perImage,
                  terms,
                  form,
                  ignoreIndex,
                  DType.F32,
                  target,
                  null));
        }
      }
    }
  }

  /**
   * {@return a short unique name}
   *
   * @param spec a specification
   */
  public static String name(FusedLossSpec spec) {
    var text = new StringBuilder();
    text.append(spec.layout()).append(' ').append(spec.input()).append(' ').append(spec.classes());
    for (WeightedTerm weighted : spec.terms()) {
      text.append(' ').append(weighted.weight()).append(' ').append(weighted.term());
    }
    return text.append(' ')
        .append(spec.truePositiveForm())
        .append(' ')
        .append(spec.targetDtype())
        .append(spec.perImage() ? " per image" : "")
        .append(spec.ignoreIndex() == null ? "" : " ignore " + spec.ignoreIndex())
        .append(spec.countCut() == null ? "" : " counts")
        .toString();
  }
}
