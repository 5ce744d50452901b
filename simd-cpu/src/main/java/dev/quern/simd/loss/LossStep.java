package dev.quern.simd.loss;

import java.util.List;
import java.util.function.Predicate;

/**
 * One loop over a {@link LossChunk}. A pass is a list of steps that one place calls one after the
 * other; it knows many receivers, of which HotSpot inlines none: compiled into one method the loops
 * would take the compiler past the number of nodes up to which it inlines vector operations, and
 * run ten times slower.
 */
@FunctionalInterface
interface LossStep {
  void apply(LossChunk chunk);

  /** A part of a pass. */
  sealed interface Phase {
    void apply(LossChunk chunk);
  }

  /** Applies parts one after the other. */
  static void apply(List<Phase> phases, LossChunk chunk) {
    for (int i = 0; i < phases.size(); i++) {
      phases.get(i).apply(chunk);
    }
  }

  /**
   * Steps that follow one another, for every class of a block or once.
   *
   * @param perClass whether they are repeated for every class
   * @param steps the steps
   */
  record Steps(boolean perClass, List<LossStep> steps) implements Phase {
    @Override
    public void apply(LossChunk chunk) {
      int classes = perClass && !chunk.options.elements ? chunk.options.classes : 1;
      for (int c = 0; c < classes; c++) {
        chunk.select(c);
        for (int i = 0; i < steps.size(); i++) {
          steps.get(i).apply(chunk);
        }
      }
    }
  }

  /**
   * One of two ways to go on, chosen for every block.
   *
   * @param test what decides
   * @param yes the parts where it holds
   * @param no the parts where it does not
   */
  record Either(Predicate<LossChunk> test, List<Phase> yes, List<Phase> no) implements Phase {
    @Override
    public void apply(LossChunk chunk) {
      LossStep.apply(test.test(chunk) ? yes : no, chunk);
    }
  }
}
