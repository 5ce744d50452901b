package dev.quern.simd.loss.loops;

import java.util.function.Predicate;

/** What decides, for every block, how a pass goes on. */
public enum BlockTest {
  /** Loops may read and write memory themselves. */
  IN_PLACE("in place", LossBlock::isDirect),

  /** {@link HardFocalLoops} are worth trying. */
  MAYBE_HARD("maybe hard", HardFocalLoops::isLikely),

  /** {@link HardFocalLoops} compute it, as their first loop found out. */
  HARD("hard", HardFocalLoops::isIt),

  /** {@link LabelLoops} compute it, as their first loop found out. */
  MODERATE("moderate", LabelLoops::isModerate);

  private final String words;

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without a receiver
  private final Predicate<LossBlock> test;

  BlockTest(String words, Predicate<LossBlock> test) {
    this.words = words;
    this.test = test;
  }

  /** Tells whether it holds. */
  public boolean holds(LossBlock block) {
    return test.test(block);
  }

  @Override
  public String toString() {
    return words;
  }
}
