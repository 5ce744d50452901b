package dev.quern.bench.golden;

import dev.quern.Engine;
import java.util.Optional;

/** Runs the cases of one golden suite. */
interface GoldenCheck {

  /** Whether the case belongs to what there is now; the others are skipped. */
  boolean supports(GoldenCase golden);

  /** Computes the case on an engine and says what differs from its results, or nothing. */
  Optional<String> check(Engine engine, GoldenCase golden);
}
