package dev.quern.simd;

import java.util.List;

/**
 * One loop over a {@link LossChunk}. A pass is a list of steps that one place calls one after the
 * other; it knows many receivers, of which HotSpot inlines none: compiled into one method the loops
 * would take the compiler past the number of nodes up to which it inlines vector operations, and
 * run ten times slower.
 */
@FunctionalInterface
interface LossStep {
  void apply(LossChunk chunk);

  /**
   * Steps that follow one another, for every class of a block or once.
   *
   * @param perClass whether they are repeated for every class
   * @param steps the steps
   */
  record Phase(boolean perClass, List<LossStep> steps) {
    void apply(LossChunk chunk) {
      int classes = perClass && !chunk.options.elements ? chunk.options.classes : 1;
      for (int c = 0; c < classes; c++) {
        chunk.select(c);
        for (int i = 0; i < steps.size(); i++) {
          steps.get(i).apply(chunk);
        }
      }
    }
  }
}
