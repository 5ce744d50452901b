package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.BlockTest;
import dev.quern.simd.loss.loops.LossBlock;
import dev.quern.simd.loss.loops.LossLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The loops that a fused loss runs over a block, in parts that follow one another. Its text names
 * them.
 *
 * @param parts the parts
 */
record Pass(List<Part> parts) {
  void apply(LossBlock block) {
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).apply(block);
    }
  }

  /** A line per part. */
  @Override
  public String toString() {
    return parts.stream().map(part -> part + "\n").collect(Collectors.joining());
  }

  /** A part of a pass. */
  sealed interface Part {
    void apply(LossBlock block);
  }

  /**
   * Loops that follow one another, for every class of a block or once.
   *
   * @param perClass whether they are repeated for every class
   * @param loops the loops
   */
  record Sequence(boolean perClass, List<LossLoop> loops) implements Part {
    @Override
    public void apply(LossBlock block) {
      int classes = perClass ? block.classes() : 1;
      for (int c = 0; c < classes; c++) {
        block.select(c);
        for (int i = 0; i < loops.size(); i++) {
          loops.get(i).apply(block);
        }
      }
    }

    @Override
    public String toString() {
      String names = loops.stream().map(LossLoop::toString).collect(Collectors.joining(", "));
      return perClass ? "each class: " + names : names;
    }
  }

  /**
   * One of two ways to go on, chosen for every block.
   *
   * @param test what decides
   * @param yes the way where it holds
   * @param no the way where it does not
   */
  record Either(BlockTest test, Pass yes, Pass no) implements Part {
    @Override
    public void apply(LossBlock block) {
      (test.holds(block) ? yes : no).apply(block);
    }

    @Override
    public String toString() {
      return ("if " + test + "\n" + yes.toString().indent(2) + "else\n" + no.toString().indent(2))
          .stripTrailing();
    }
  }

  /**
   * A pass in the making: loops are added, and become a part when it is said how often they run.
   */
  static final class Builder {
    private final List<Part> parts = new ArrayList<>();
    private final List<LossLoop> loops = new ArrayList<>();

    Builder add(LossLoop... more) {
      loops.addAll(List.of(more));
      return this;
    }

    Builder addIf(boolean wanted, LossLoop... more) {
      return wanted ? add(more) : this;
    }

    /** Ends a part that runs once a block. */
    Builder once() {
      return end(false);
    }

    /** Ends a part that runs for every class of a block. */
    Builder perClass() {
      return end(true);
    }

    private Builder end(boolean perClass) {
      if (!loops.isEmpty()) {
        parts.add(new Sequence(perClass, List.copyOf(loops)));
        loops.clear();
      }
      return this;
    }

    Builder either(BlockTest test, Builder yes, Builder no) {
      parts.add(new Either(test, yes.build(), no.build()));
      return this;
    }

    /** Adds what works in place where that can be, and through copies elsewhere. */
    Builder inPlace(LossLoop direct, LossLoop staged) {
      return either(
          BlockTest.IN_PLACE, new Builder().add(direct).once(), new Builder().add(staged).once());
    }

    Pass build() {
      return new Pass(List.copyOf(parts));
    }
  }
}
