package dev.quern.bench.random;

import dev.quern.bench.definition.Verdict;

/** One random case. */
interface RandomCase {
  /** The specification, shape, memory and values, in one line. */
  String describe();

  /** Computes it and compares. */
  Verdict run(Device device);
}
