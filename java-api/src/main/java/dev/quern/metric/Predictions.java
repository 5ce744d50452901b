package dev.quern.metric;

/** What predictions are. */
public enum Predictions {
  /** Any real numbers; the probability is their sigmoid. */
  LOGITS,
  /** Probabilities. */
  PROBABILITIES,
  /** 0 or 1. */
  LABELS,
  /**
   * As torchmetrics: probabilities, unless a value of the batch that is not ignored lies outside
   * [0, 1] or is NaN, then all of it are logits. Reads the batch back to the host.
   */
  AUTO
}
