package dev.quern.simd.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.bench.cases.LossSpecs;
import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which loops a loss runs: the golden text of some, and that every loop is run by some. */
class LossPassesTest {
  private static final LossTerm DICE = LossTerm.Overlap.dice(0, 1e-7, false);
  private static final LossTerm BCE = new LossTerm.Bce(true);

  private static LossOptions options(Layout layout, int classes, DType target, LossTerm... terms) {
    List<WeightedTerm> weighted = Arrays.stream(terms).map(t -> new WeightedTerm(t, 1)).toList();
    return new LossOptions(
        new FusedLossSpec(
            layout,
            LossInput.LOGITS,
            classes,
            false,
            weighted,
            TruePositiveForm.MIN,
            null,
            DType.F32,
            target,
            null));
  }

  @Test
  void diceOfBytes() {
    LossOptions options = options(Layout.ELEMENTS, 1, DType.U8, DICE);
    assertEquals(
        """
        value
          stage targets, stage input, sigmoid, product sums, overlap total
        pass 1
          stage targets, stage input, sigmoid, product sums, overlap total, keep side
        pass 2
          stage targets, recall side, product gradient, store gradient
        """,
        LossPasses.of(options).toString());
    assertEquals(
        """
        value
          stage targets, native sigmoid, neutralize, product sums, overlap total
        pass 1
          stage targets, native kept sigmoid, neutralize, product sums, overlap total
        pass 2
          stage targets, native product gradient, zero dropped
        """,
        LossPasses.inNativeMemory(options).toString());
  }

  @Test
  void diceAndBceOfFloats() {
    LossOptions options = options(Layout.ELEMENTS, 1, DType.F32, DICE, BCE);
    assertEquals(
        """
        value
          stage targets, stage input, sigmoid, min sums, overlap total, plain bce sums, \
        bce total
        pass 1
          stage targets, stage input, sigmoid, min sums, overlap total, plain bce sums, \
        bce total, keep side
        pass 2
          stage targets, recall side, min and bce gradient, store gradient
        """,
        LossPasses.of(options).toString());
    assertEquals(
        """
        value
          count all, native sigmoid and target, min sums, overlap total, plain bce sums, \
        bce total
        pass 1
          count all, native kept sigmoid and target, min sums, overlap total, \
        plain bce sums, bce total
        pass 2
          count all, native min and bce gradient
        """,
        LossPasses.inNativeMemory(options).toString());
  }

  @Test
  void bceOfBytesInOnePass() {
    LossOptions options = options(Layout.ELEMENTS, 1, DType.U8, BCE);
    assertEquals(
        """
        value
          stage targets, native sigmoid, neutralize, plain bce sums, bce total
        value and gradient
          stage targets, native sigmoid, neutralize, native bce sums and gradient, \
        bce total, zero dropped
        losses
          stage targets, stage input, sigmoid, bce losses, store bce
        """,
        LossPasses.inNativeMemory(options).toString());
  }

  @Test
  void focalOfBytesInOnePass() {
    LossTerm focal = new LossTerm.Focal(true, 2, 1, 1, 0, false, false, List.of());
    LossOptions options = options(Layout.ELEMENTS, 1, DType.U8, focal);
    assertEquals(
        """
        stage targets
        if maybe hard
          hard focal sigmoid
          if hard
            log1p, hard focal weights, hard focal sums and gradient, hard focal total
          else
            native sigmoid, neutralize, zero gradient, log1p, focal hard, focal weights, \
        focal sums, focal total, focal gradient, store gradient
        else
          native sigmoid, neutralize, zero gradient, log1p, focal hard, focal weights, \
        focal sums, focal total, focal gradient, store gradient
        """,
        LossPasses.inNativeMemory(options).both().toString());
  }

  @Test
  void diceAndCrossEntropyOfLabels() {
    LossTerm crossEntropy = new LossTerm.CrossEntropy(true, 0, List.of());
    LossOptions options = options(Layout.LABELS, 4, DType.U8, DICE, crossEntropy);
    assertEquals(
        """
        stage labels, start labels
        if in place
          native anchored exponentials
        else
          anchored exponentials
        if moderate
          label others, label inverse norm, label weights, label odds, label mean slope, \
        label pulls, cross entropy pulls
          if in place
            native label gradient
          else
            label gradient
        else
          start pixels
          each class: stage input, largest logit
          each class: exponentials
          inverse norm, log norm, small log norm
          each class: class target, class side, product slope, anchor
          each class: class target, product slope, slope from anchor, cross entropy slope, \
        keep slope, add slope
          each class: softmax gradient, store gradient
        """,
        LossPasses.of(options).second().toString());
    assertEquals(LossPasses.of(options), LossPasses.inNativeMemory(options));
  }

  @Test
  void diceOfShares() {
    LossOptions options = options(Layout.ONE_HOT, 4, DType.F32, DICE);
    LossPasses passes = LossPasses.of(options);
    assertEquals(
        """
        stage labels
        start pixels
        each class: stage input, largest logit
        each class: exponentials
        inverse norm
        each class: class target, class side, min sums, overlap total, keep side
        --
        stage labels
        start pixels
        each class: recall side, likeliest class
        each class: class target, min slope, anchor
        each class: class target, min slope, slope from anchor, keep slope, add slope
        each class: softmax gradient, store gradient
        """,
        passes.first() + "--\n" + passes.second());
  }

  /** A loop that no loss runs is dead. */
  @Test
  void everyLoopIsRunBySomeLoss() {
    EnumSet<LossLoop> run = EnumSet.noneOf(LossLoop.class);
    List<FusedLossSpec> specs = new ArrayList<>(LossSpecs.all());
    specs.add(
        FusedLossSpec.binary(
            List.of(new WeightedTerm(DICE, 1)), TruePositiveForm.MIN, null, DType.U8, 0f));
    for (FusedLossSpec spec : specs) {
      LossOptions options = new LossOptions(spec);
      collect(LossPasses.of(options), run);
      collect(LossPasses.inNativeMemory(options), run);
    }
    assertEquals(EnumSet.allOf(LossLoop.class), run);
  }

  private static void collect(LossPasses passes, EnumSet<LossLoop> run) {
    for (Pass pass :
        List.of(passes.value(), passes.first(), passes.second(), passes.both(), passes.losses())) {
      collect(pass, run);
    }
  }

  private static void collect(Pass pass, EnumSet<LossLoop> run) {
    for (Pass.Part part : pass.parts()) {
      switch (part) {
        case Pass.Sequence sequence -> run.addAll(sequence.loops());
        case Pass.Either either -> {
          collect(either.yes(), run);
          collect(either.no(), run);
        }
      }
    }
  }
}
