package dev.quern.bench.definition;

import org.jspecify.annotations.Nullable;

/**
 * Logits or probabilities (images, classes, pixels) and their target.
 *
 * @param layout what the target is
 * @param probabilities whether {@code x} holds probabilities
 * @param images the number of images
 * @param classes the number of channels
 * @param pixels the number of pixels of a channel of an image
 * @param x the logits or probabilities
 * @param target as many, or for labels (images, pixels)
 * @param ignored the target value left out, or null
 * @param weight factors of the elements' binary cross-entropy, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Batch(
    Layout layout,
    boolean probabilities,
    int images,
    int classes,
    int pixels,
    float[] x,
    float[] target,
    @Nullable Integer ignored,
    float @Nullable [] weight) {

  /** What a target is. */
  public enum Layout {
    /** Every element has its own. */
    ELEMENTS,
    /** Every pixel has a label. */
    LABELS,
    /** Every pixel has a share of each class. */
    SHARES
  }

  /** {@return how many pixels there are, or elements if each has its own target} */
  public int count() {
    return layout == Layout.ELEMENTS ? x.length : images * pixels;
  }

  /**
   * {@return whether a pixel is ignored}
   *
   * @param i its number
   */
  public boolean isIgnored(int i) {
    return ignored != null && layout != Layout.SHARES && target[i] == ignored;
  }

  /** Where class c of pixel i stands. */
  int index(int i, int c) {
    return layout == Layout.ELEMENTS ? i : (i / pixels * classes + c) * pixels + i % pixels;
  }

  /** The target of class c of pixel i. */
  double target(int i, int c) {
    return layout == Layout.LABELS ? (target[i] == c ? 1 : 0) : target[index(i, c)];
  }
}
