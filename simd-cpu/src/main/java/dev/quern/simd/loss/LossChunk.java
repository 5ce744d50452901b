package dev.quern.simd.loss;

import dev.quern.reference.ElementLoss;
import dev.quern.simd.confusion.Confusion;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossSums;
import java.util.Arrays;

/**
 * The block of elements or pixels of a fused loss that a thread is working on: scratch memory
 * between the {@link LossStep}s. Elements that do not count (ignored, faulty, or padding up to a
 * multiple of {@link #ROW}) have inputs that add exactly 0, so that no loop after the first needs a
 * mask.
 */
final class LossChunk {
  private static final ThreadScratch<LossChunk> THREADS = new ThreadScratch<>(LossChunk::new);

  /** Accumulators of every sum: element i is added to accumulator i modulo this. */
  static final int ROW = 16;

  /** The most elements, or pixels, of a block: nine arrays stay in an L1 cache. */
  static final int SIZE = 1024;

  /**
   * The length of the arrays: some more, so that the same place of two arrays is never as far into
   * a page, which processors take for the same memory.
   */
  private static final int STRIDE = SIZE + 64;

  /** The most inputs of a block of pixels of many classes: 512 KB of f32. */
  private static final int INPUTS = 1 << 17;

  /** A logit whose sigmoid is 0; finite, because its products with 0 must be 0. */
  static final float NO_LOGIT = -1e30f;

  /** Whose element or pixel this is; set when a piece begins. */
  LossOptions options = LossOptions.NONE;

  LossInputs inputs = LossInputs.NONE;
  private boolean inNative;
  float[] coefficients = new float[0];

  /** First coefficient of the segment of class 0 of this piece. */
  int coefficientsAt;

  /** First class of the piece. */
  int firstClass;

  /** Index of the first input (of class 0 for pixels), of the first target, of the first loss. */
  long inputAt;

  long targetAt;
  long lossAt;

  /** How many elements or pixels, and up to a multiple of {@link #ROW}. */
  int n;

  int padded;

  /** How many of {@link #n} do not count, how many so far do (faulty ones too) in this piece. */
  int dropped;

  long valid;
  long fault;

  /** How many of {@link #n} are faulty. */
  int faulty;

  /** Whether any target is neither 0 nor 1; only the focal loss asks. */
  boolean soft;

  /** The class selected, its factors and coefficients. */
  int c;

  float kHit;
  float kMiss;
  float kBce;
  float kFocal;
  float kFocalNorm;
  float kCrossEntropy;
  float kSoftmaxFocal;
  float bcePositive;
  float crossEntropyFactor;
  float softmaxFocalFactor;

  private final float[] input = new float[STRIDE];

  /** Input of the class: logits; with {@link #p}, the same array, from probabilities. */
  float[] x;

  /** Derivative by ln p of the class, kept until the sums over the classes are known. */
  float[] classSlope;

  /** The probability, where it is the input. */
  float[] p = input;

  /** What of p and q = 1 - p is smaller: p for negative logits, else -q. */
  float[] side = new float[STRIDE];

  /** Target, and whether the element or pixel counts. */
  final float[] t = new float[STRIDE];

  final float[] keep = new float[STRIDE];
  final float[] w = new float[STRIDE];
  final float[] e = new float[STRIDE];

  /** The focal loss: cross-entropy, q, their slopes, weight. */
  final float[] loss = new float[STRIDE];

  final float[] hit = new float[STRIDE];
  final float[] slope = new float[STRIDE];
  final float[] decline = new float[STRIDE];
  final float[] weight = new float[STRIDE];

  /** From probabilities: the logit that the focal loss takes, and its derivative. */
  final float[] logit = new float[STRIDE];

  final float[] chain = new float[STRIDE];

  final float[] gradient = new float[STRIDE];

  /** Per pixel: label (-1 for none), and what the softmax needs. */
  final float[] label = new float[STRIDE];

  final float[] largest = new float[STRIDE];
  final float[] first = new float[STRIDE];
  final float[] rest = new float[STRIDE];
  final float[] inverse = new float[STRIDE];
  final float[] logNorm = new float[STRIDE];

  /** The slope in the likeliest class's p, from which the others' are measured. */
  final float[] anchor = new float[STRIDE];

  /** The derivative by ln p of the likeliest class, and the sum of the others'. */
  final float[] firstSlope = new float[STRIDE];

  final float[] slopeSum = new float[STRIDE];
  final float[] crossEntropy = new float[STRIDE];
  final float[] softmaxFocal = new float[STRIDE];

  /** Per pixel of {@link LabelLoops}: the exponential of the label, and the sum of the others'. */
  final float[] own = new float[STRIDE];

  final float[] others = new float[STRIDE];

  /** What is added to the slope of a class: of the label, of another. */
  final float[] labelPull = new float[STRIDE];

  final float[] otherPull = new float[STRIDE];

  /** The bits of the largest magnitude of the block's logits. */
  int largestBits;

  /** Accumulators of the class selected. */
  final float[] lanes = new float[LossSums.COUNT * ROW];

  /** Sums of the piece, {@link LossSums#COUNT} per class, and counts. */
  double[] sums = new double[LossSums.COUNT];

  final Confusion counts = new Confusion();

  /** Targets as they are in memory. */
  final byte[] bytes = new byte[SIZE];

  final int[] ints = new int[SIZE];
  final long[] longs = new long[SIZE];

  final float[] scratch = new float[STRIDE];

  private final float[] scratchSide = side;
  private float[][] rows = new float[0][];
  private float[][] slopes = new float[0][];

  /** Per class, what {@link #side} is. */
  float[][] sides = new float[0][];

  /** Returns the calling thread's. */
  static LossChunk current() {
    return THREADS.get();
  }

  private LossChunk() {
    this.x = input;
    this.classSlope = input;
  }

  /** A number of elements up to a multiple of {@link #ROW}. */
  static int padded(int n) {
    return (n + ROW - 1) & -ROW;
  }

  /** How many pixels of so many classes a block has; depends on nothing else. */
  static int blockSize(int classes, boolean elements) {
    if (elements) {
      return SIZE;
    }
    int most = INPUTS / (4 * classes);
    return Math.clamp(most & -64, 64, 1024);
  }

  /** Starts a piece. */
  void begin(LossOptions options, LossInputs inputs, float[] coefficients) {
    this.options = options;
    this.inputs = inputs;
    this.inNative = inputs.isNative();
    this.coefficients = coefficients;
    int width = options.elements ? 1 : options.classes;
    if (sums.length < width * LossSums.COUNT) {
      sums = new double[width * LossSums.COUNT];
    }
    Arrays.fill(sums, 0, width * LossSums.COUNT, 0);
    counts.clear();
    valid = 0;
    fault = Long.MAX_VALUE;
    if (!options.elements) {
      int size = blockSize(options.classes, false);
      rows = grown(rows, size);
      sides = grown(sides, size);
      if (options.focal) {
        slopes = grown(slopes, size);
      }
    }
  }

  private float[][] grown(float[][] rows, int size) {
    if (rows.length >= options.classes && rows[0].length >= size) {
      return rows;
    }
    return new float[options.classes][size];
  }

  /** Ends a piece. */
  void end() {
    int width = options.elements ? 1 : options.classes;
    for (int index = 0; index < width; index++) {
      sums[index * LossSums.COUNT + LossSums.VALID] = valid;
    }
  }

  /** Selects a class of the block, counted from the piece's first. */
  void select(int index) {
    c = index;
    int own = firstClass + index;
    bcePositive = options.bcePositive[own];
    crossEntropyFactor = options.crossEntropyFactors[own];
    softmaxFocalFactor = options.softmaxFocalFactors[own];
    int at = coefficientsAt + index * LossCoefficients.COUNT;
    if (coefficients.length > at) {
      kHit = coefficients[at + LossCoefficients.HIT];
      kMiss = coefficients[at + LossCoefficients.MISS];
      kBce = coefficients[at + LossCoefficients.BCE];
      kFocal = coefficients[at + LossCoefficients.FOCAL];
      kFocalNorm = coefficients[at + LossCoefficients.FOCAL_NORM];
      kCrossEntropy = coefficients[at + LossCoefficients.CROSS_ENTROPY];
      kSoftmaxFocal = coefficients[at + LossCoefficients.SOFTMAX_FOCAL];
    }
    if (options.elements) {
      x = input;
      p = x;
      side = scratchSide;
    } else {
      x = rows[index];
      p = x;
      side = sides[index];
      // without a focal loss the input is no longer needed
      classSlope = options.focal ? slopes[index] : x;
    }
  }

  /** Byte at which a class's inputs, and its gradient, begin. */
  long rowAt(int index) {
    return Float.BYTES * (inputAt + index * inputs.pixels());
  }

  /** One of a class's coefficients, of those in {@link ElementLoss}. */
  float coefficient(int index, int which) {
    return coefficients[coefficientsAt + index * LossCoefficients.COUNT + which];
  }

  /** Whether loops may read and write memory themselves: all is native, and every pixel counts. */
  boolean isDirect() {
    return inNative && n == padded && dropped == 0;
  }

  /** Lets the loops per element overwrite side, which belongs to the softmax. */
  void useScratch() {
    side = scratchSide;
  }

  /** The input of an element that does not count. */
  float neutralInput() {
    return options.probabilities ? 0 : NO_LOGIT;
  }

  /** Whether {@link #keep} is needed even if all elements count. */
  boolean needsKeep() {
    return !options.elements || (options.probabilities && options.focal);
  }

  /** Adds up the accumulators of some sums of the class selected. */
  void addUp(int sum) {
    addUp(c, sum);
  }

  /** The same for a class, in four chains, of which none waits for another. */
  void addUp(int index, int sum) {
    int start = sum * ROW;
    double first = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
    for (int lane = start; lane < start + ROW; lane += 4) {
      first += lanes[lane];
      second += lanes[lane + 1];
      third += lanes[lane + 2];
      fourth += lanes[lane + 3];
    }
    Arrays.fill(lanes, start, start + ROW, 0);
    sums[index * LossSums.COUNT + sum] += (first + second) + (third + fourth);
  }
}
