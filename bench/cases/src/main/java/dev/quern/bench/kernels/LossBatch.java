package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Logits (or probabilities), target and element weights that fit a loss.
 *
 * @param spec the loss
 * @param extent the batch
 * @param scale logits lie within plus and minus this
 * @param positive the share of positive labels in ELEMENTS
 * @param ignored the share of ignored targets, if the spec ignores any
 * @param soft whether F32 targets are between 0 and 1, not 0 or 1
 * @param seed of the random numbers
 */
public record LossBatch(
    FusedLossSpec spec,
    LossExtent extent,
    double scale,
    double positive,
    double ignored,
    boolean soft,
    long seed) {

  /**
   * Makes a moderate batch: logits within 6, 0.3 positive, 0.1 ignored, soft where F32.
   *
   * @param spec the loss
   * @param extent the batch
   * @return the batch
   */
  public static LossBatch of(FusedLossSpec spec, LossExtent extent) {
    return new LossBatch(spec, extent, 6, 0.3, 0.1, true, 17 + extent.elements());
  }

  /**
   * {@return the logits, or the probabilities, of which every pixel's have the sum 1 unless classes
   * are independent}
   */
  public float[] logits() {
    float[] logits = Inputs.uniform((int) extent.elements(), scale, seed);
    if (spec.input() == LossInput.LOGITS) {
      return logits;
    }
    int pixels = (int) extent.pixels();
    int classes = extent.classes();
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (1 / (1 + Math.exp(-logits[i])));
    }
    if (spec.layout() != Layout.ELEMENTS) {
      for (int i = 0; i < extent.labels(); i++) {
        int first = i / pixels * classes * pixels + i % pixels;
        float sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += logits[first + c * pixels];
        }
        for (int c = 0; c < classes; c++) {
          logits[first + c * pixels] /= sum;
        }
      }
    }
    return logits;
  }

  /** {@return the target as numbers} */
  public float[] targetValues() {
    var random = new SplittableRandom(seed + 1);
    float[] target = new float[(int) spec.targetLength(extent)];
    Integer ignoreIndex = spec.ignoreIndex();
    for (int i = 0; i < target.length; i++) {
      target[i] =
          spec.layout() == Layout.LABELS
              ? random.nextInt(spec.classes())
              : random.nextDouble() < positive ? 1 : 0;
      if (soft && spec.targetDtype() == DType.F32 && spec.layout() != Layout.LABELS) {
        // some stay hard
        target[i] = random.nextInt(4) == 0 ? target[i] : (float) random.nextDouble();
      }
      if (ignoreIndex != null && random.nextDouble() < ignored) {
        target[i] = ignoreIndex;
      }
    }
    return target;
  }

  /** {@return the target in its dtype} */
  public HostArray target() {
    return typed(targetValues(), spec.targetDtype());
  }

  public static HostArray typed(float[] values, DType dtype) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return dtype == DType.F32 ? HostArray.of(values) : HostArray.of(dtype, ints);
  }

  /** {@return factors of the elements' cross-entropy, or null if the loss has none} */
  public float @Nullable [] weight() {
    LossTerm.Bce bce = spec.find(LossTerm.Bce.class);
    return bce == null || !bce.weighted() ? null : Inputs.unit((int) extent.elements(), seed + 2);
  }
}
