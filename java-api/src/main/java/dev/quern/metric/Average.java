package dev.quern.metric;

/** How the scores of several classes become one; torchmetrics' {@code none} is {@code perClass}. */
public enum Average {
  /** The score of the classes' summed counts. */
  MICRO,
  /** The mean over classes; a class that is neither a target nor predicted is left out. */
  MACRO,
  /** The mean weighted by how many targets a class has. */
  WEIGHTED
}
