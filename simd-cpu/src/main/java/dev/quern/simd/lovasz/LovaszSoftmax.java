package dev.quern.simd.lovasz;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.math.VectorMath;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The softmax around the lists. Before them it writes p = e^(x - m) (1 / s), with m the greatest
 * logit of the pixel and s the sum of the exponentials in the order of the classes; after them it
 * turns the derivatives g by p into those by x, p (h - sum of h p) with h = g less that of the
 * likeliest class, which keeps its digits where a probability rounds to 1. All classes of {@link
 * #TILE} pixels are dealt with at once, in arrays. A chunk a piece; no sum crosses pixels.
 */
final class LovaszSoftmax extends LovaszCall.Work {
  /** Pixels dealt with at once: their classes stay in an L1 or L2 cache. */
  private static final int TILE = 512;

  private final long firstRow;
  private final boolean backward;

  /**
   * Creates a pass.
   *
   * @param firstRow the first image
   * @param backward whether derivatives are turned; else probabilities are written
   */
  LovaszSoftmax(LovaszCall call, long firstRow, boolean backward) {
    super(call);
    this.firstRow = firstRow;
    this.backward = backward;
  }

  @Override
  public void run(long piece) {
    long row = firstRow + piece / groups.rowChunks;
    int chunk = (int) (piece % groups.rowChunks);
    int end = groups.firstPixel(chunk) + groups.chunkLength(chunk);
    LovaszStage stage = LovaszStage.current();
    for (int pixel = groups.firstPixel(chunk); pixel < end; pixel += TILE) {
      tile(stage, row, pixel, Math.min(TILE, end - pixel));
    }
  }

  /** Two sets of a tile a class, and four rows of a tile. */
  private void tile(LovaszStage stage, long row, int pixel, int n) {
    int classes = groups.classes;
    int set = classes * TILE;
    float[] tile = stage.rows(2 * set + 4 * TILE);
    int greatest = 2 * set;
    int base = greatest + TILE;
    int rest = base + TILE;
    int most = rest + TILE;
    int whole = (n + LANES - 1) / LANES * LANES;
    long stride = 4L * groups.pixels;
    long element = row * classes * groups.pixels + pixel;
    long at = call.probabilityOffset(element);
    MemorySegment probabilities = call.probabilities();
    for (int c = 0; c < classes; c++) {
      load(call.logits, 4 * element + c * stride, tile, c * TILE, n, whole);
      if (backward) {
        load(probabilities, at + c * stride, tile, set + c * TILE, n, whole);
      }
    }
    System.arraycopy(tile, 0, tile, greatest, whole);
    System.arraycopy(tile, set, tile, base, whole);
    for (int c = 1; c < classes; c++) {
      greater(tile, c * TILE, set + c * TILE, greatest, base, whole);
    }
    Arrays.fill(tile, rest, rest + whole, 0);
    Arrays.fill(tile, most, most + whole, 0);
    for (int c = 0; c < classes; c++) {
      exponentials(tile, c * TILE, greatest, rest, most, whole);
    }
    int inverse = most;
    invert(tile, rest, inverse, whole);
    for (int c = 0; c < classes; c++) {
      if (backward) {
        multiply(tile, c * TILE, inverse, whole);
      } else {
        sides(tile, c * TILE, rest, inverse, whole);
      }
    }
    if (backward) {
      // the greatest logits are not needed any more
      Arrays.fill(tile, greatest, greatest + whole, 0);
      for (int c = 0; c < classes; c++) {
        mean(tile, c * TILE, set + c * TILE, base, greatest, whole);
      }
      stageLabels(stage, row, pixel, n);
      for (int c = 0; c < classes; c++) {
        derivatives(tile, c * TILE, set + c * TILE, base, greatest, stage.labels, whole);
      }
    }
    for (int c = 0; c < classes; c++) {
      MemorySegment.copy(tile, c * TILE, probabilities, JAVA_FLOAT_UNALIGNED, at + c * stride, n);
    }
  }

  private void stageLabels(LovaszStage stage, long row, int pixel, int n) {
    stage.stageLabels(
        call.target,
        call.spec.targetDtype(),
        row * groups.pixels + pixel,
        n,
        groups.classes,
        call.spec.ignoreIndex());
  }

  private static void load(
      MemorySegment from, long byteOffset, float[] to, int at, int n, int whole) {
    MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, byteOffset, to, at, n);
    Arrays.fill(to, at + n, at + whole, 0);
  }

  /** Keeps the greatest logit and what stands in the second set beside it. */
  private static void greater(float[] tile, int logits, int other, int greatest, int base, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, tile, logits + i);
      FloatVector most = FloatVector.fromArray(SPECIES, tile, greatest + i);
      VectorMask<Float> more = x.compare(VectorOperators.GT, most);
      most.blend(x, more).intoArray(tile, greatest + i);
      FloatVector.fromArray(SPECIES, tile, base + i)
          .blend(FloatVector.fromArray(SPECIES, tile, other + i), more)
          .intoArray(tile, base + i);
    }
  }

  /** Adds up the exponentials, all but the greatest. */
  private static void exponentials(
      float[] tile, int logits, int greatest, int rest, int most, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, tile, logits + i);
      FloatVector largest = FloatVector.fromArray(SPECIES, tile, greatest + i);
      // an infinite logit has no difference from itself
      FloatVector d = x.sub(largest).blend(lanes(0.0f), x.compare(VectorOperators.EQ, largest));
      FloatVector e = VectorMath.expNonPositive(d);
      e.intoArray(tile, logits + i);
      FloatVector before = FloatVector.fromArray(SPECIES, tile, most + i);
      VectorMask<Float> above = e.compare(VectorOperators.GT, before);
      FloatVector less = e.blend(before, above);
      FloatVector.fromArray(SPECIES, tile, rest + i).add(less).intoArray(tile, rest + i);
      before.blend(e, above).intoArray(tile, most + i);
    }
  }

  private static void invert(float[] tile, int rest, int inverse, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, tile, rest + i).add(lanes(1.0f));
      lanes(1.0f).div(sum).intoArray(tile, inverse + i);
    }
  }

  /** p, or p - 1 where it is above 1/2, in place of the exponentials. */
  private static void sides(float[] tile, int e, int rest, int inverse, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector ei = FloatVector.fromArray(SPECIES, tile, e + i);
      FloatVector ri = FloatVector.fromArray(SPECIES, tile, rest + i);
      FloatVector norm = FloatVector.fromArray(SPECIES, tile, inverse + i);
      VectorMask<Float> sure =
          ei.compare(VectorOperators.EQ, lanes(1.0f))
              .and(ri.compare(VectorOperators.LT, lanes(1.0f)));
      ei.mul(norm).blend(ri.mul(norm).neg(), sure).intoArray(tile, e + i);
    }
  }

  private static void multiply(float[] tile, int e, int inverse, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromArray(SPECIES, tile, e + i)
          .mul(FloatVector.fromArray(SPECIES, tile, inverse + i))
          .intoArray(tile, e + i);
    }
  }

  private static void mean(float[] tile, int p, int g, int base, int mean, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector h =
          FloatVector.fromArray(SPECIES, tile, g + i)
              .sub(FloatVector.fromArray(SPECIES, tile, base + i));
      h.fma(
              FloatVector.fromArray(SPECIES, tile, p + i),
              FloatVector.fromArray(SPECIES, tile, mean + i))
          .intoArray(tile, mean + i);
    }
  }

  private static void derivatives(
      float[] tile, int p, int g, int base, int mean, float[] labels, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector h =
          FloatVector.fromArray(SPECIES, tile, g + i)
              .sub(FloatVector.fromArray(SPECIES, tile, base + i))
              .sub(FloatVector.fromArray(SPECIES, tile, mean + i));
      VectorMask<Float> ignored =
          FloatVector.fromArray(SPECIES, labels, i).compare(VectorOperators.LT, lanes(0.0f));
      FloatVector.fromArray(SPECIES, tile, p + i)
          .mul(h)
          .blend(lanes(0.0f), ignored)
          .intoArray(tile, p + i);
    }
  }
}
