package dev.quern.simd.loss.loops;

import dev.quern.simd.confusion.Confusion;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossSums;
import java.util.Arrays;

/**
 * The block of elements or pixels of a fused loss that a thread is working on: what the {@link
 * LossLoop}s leave for one another. A <i>row</i> is an array with a number per element or pixel.
 * Elements that do not count (ignored, faulty, or padding up to a multiple of {@link #ROW}) have
 * inputs that add exactly 0, so that no loop after the first needs a mask.
 */
public final class LossBlock {
  private static final ThreadScratch<LossBlock> THREADS = new ThreadScratch<>(LossBlock::new);

  /** Accumulators of every sum: element i is added to accumulator i modulo this. */
  public static final int ROW = 16;

  /** The most elements, or pixels, of a block: nine rows stay in an L1 cache. */
  static final int SIZE = 1024;

  /**
   * The length of a row: some more, so that the same place of two rows is never as far into a page,
   * which processors take for the same memory.
   */
  private static final int STRIDE = SIZE + 64;

  private static final float[] NO_COEFFICIENTS = {};

  /** The most inputs of a block of pixels of many classes: 512 KB of f32. */
  private static final int INPUTS = 1 << 17;

  /** A logit whose sigmoid is 0; finite, because its products with 0 must be 0. */
  static final float NO_LOGIT = -1e30f;

  // ---- the piece that the block is part of ----

  LossOptions options = LossOptions.NONE;
  LossInputs inputs = LossInputs.NONE;
  private boolean inNative;
  private float[] coefficients = NO_COEFFICIENTS;

  /** First coefficient of the segment of the piece's first class. */
  private int coefficientsAt;

  /** First class of the piece. */
  private int firstClass;

  /** Sums of the piece so far, {@link LossSums#COUNT} per class. */
  private double[] sums = new double[LossSums.COUNT];

  final Confusion counts = new Confusion();

  /** How many elements or pixels count so far; faulty ones do, too. */
  long valid;

  /** Index of the first faulty target so far. */
  long fault;

  // ---- the block ----

  /** Index of the first input (of the first class for pixels), of the first target and loss. */
  long inputAt;

  long targetAt;
  long lossAt;

  /** How many elements or pixels, and up to a multiple of {@link #ROW}. */
  int n;

  int padded;

  /** How many of {@link #n} do not count, and how many of these because they are faulty. */
  int dropped;

  int faulty;

  /** Whether any target is neither 0 nor 1; only the focal loss asks. */
  boolean soft;

  /** The bits of the largest magnitude of the block's logits, where a loop looked. */
  int largestBits;

  /** Targets as they are in memory. */
  final TargetRows raw = new TargetRows();

  /** Label of a pixel, -1 for none. */
  final float[] label = row();

  /** 1 for an element or pixel that counts, 0 for others. */
  final float[] keep = row();

  /** Factors of elements in the binary cross-entropy. */
  final float[] w = row();

  final SoftmaxRows softmax = new SoftmaxRows();
  final LabelRows labels = new LabelRows();

  // ---- the class selected ----

  final Selected selected = new Selected();

  /** Accumulators of its sums. */
  final float[] lanes = new float[LossSums.COUNT * ROW];

  private final float[] input = row();
  private final float[] scratchSide = row();

  /** Its logits. */
  float[] x = input;

  /** Its probabilities, where they are the input: the same row. */
  float[] p = input;

  /** What of p and q = 1 - p is smaller: see {@link dev.quern.simd.math.Sides}. */
  float[] side = scratchSide;

  /** Its target. */
  final float[] t = row();

  /** e^-|x|. */
  final float[] e = row();

  final float[] gradient = row();
  final FocalRows focal = new FocalRows();
  final BceRows bce = new BceRows();
  final float[] scratch = row();

  // ---- all classes of pixels ----

  /** What {@link #x}, {@link #side} and {@link SoftmaxRows#classSlope} are of each class. */
  private float[][] classInputs = new float[0][];

  private float[][] classSlopes = new float[0][];
  float[][] sides = new float[0][];

  private LossBlock() {}

  /** Returns the calling thread's. */
  public static LossBlock current() {
    return THREADS.get();
  }

  static float[] row() {
    return new float[STRIDE];
  }

  /** A number of elements up to a multiple of {@link #ROW}. */
  static int padded(int n) {
    return (n + ROW - 1) & -ROW;
  }

  /** How many elements, or pixels of so many classes, a block has; depends on nothing else. */
  public static int size(LossOptions options) {
    if (options.elements) {
      return SIZE;
    }
    int most = INPUTS / (4 * options.classes);
    return Math.clamp(most & -64, 64, 1024);
  }

  /**
   * Starts a piece.
   *
   * @param options of the loss
   * @param inputs its memory
   * @param coefficients of all segments
   * @param segment that of the piece's first class
   * @param firstClass the piece's first class
   */
  public void beginPiece(
      LossOptions options, LossInputs inputs, float[] coefficients, int segment, int firstClass) {
    this.options = options;
    this.inputs = inputs;
    this.inNative = inputs.isNative();
    this.coefficients = coefficients;
    this.coefficientsAt = segment * LossCoefficients.COUNT;
    this.firstClass = firstClass;
    int count = options.width() * LossSums.COUNT;
    if (sums.length < count) {
      sums = new double[count];
    }
    Arrays.fill(sums, 0, count, 0);
    counts.clear();
    valid = 0;
    fault = Long.MAX_VALUE;
    if (!options.elements) {
      int size = size(options);
      classInputs = grown(classInputs, size);
      sides = grown(sides, size);
      if (options.focal) {
        classSlopes = grown(classSlopes, size);
      }
    }
  }

  private float[][] grown(float[][] rows, int size) {
    if (rows.length >= options.classes && rows[0].length >= size) {
      return rows;
    }
    return new float[options.classes][size];
  }

  /**
   * Starts a block of the piece.
   *
   * @param inputAt index of its first input, of the first class for pixels
   * @param targetAt index of its first target
   * @param lossAt index of its first loss
   * @param n how many elements or pixels it has
   */
  public void begin(long inputAt, long targetAt, long lossAt, int n) {
    this.inputAt = inputAt;
    this.targetAt = targetAt;
    this.lossAt = lossAt;
    this.n = n;
    this.padded = padded(n);
  }

  /** Returns how many classes the piece has. */
  public int classes() {
    return options.width();
  }

  /** Whether the block needs no padding. */
  public boolean isWhole() {
    return n == padded;
  }

  /**
   * Ends the piece. The caller's memory is let go: a thread's block lives as long as the thread.
   */
  public void endPiece() {
    inputs = LossInputs.NONE;
    coefficients = NO_COEFFICIENTS;
    for (int index = 0; index < options.width(); index++) {
      sums[index * LossSums.COUNT + LossSums.VALID] = valid;
    }
  }

  /** Returns the sums of the piece, {@link LossSums#COUNT} per class, and maybe some more. */
  public double[] sums() {
    return sums;
  }

  /** Returns the counts of the piece. */
  public Confusion counts() {
    return counts;
  }

  /** Returns the index of the piece's first faulty target. */
  public long fault() {
    return fault;
  }

  /** Selects a class of the block, counted from the piece's first. */
  public void select(int index) {
    selected.select(
        index,
        options,
        firstClass + index,
        coefficients,
        coefficientsAt + index * LossCoefficients.COUNT);
    if (options.elements) {
      x = input;
      p = x;
      side = scratchSide;
    } else {
      x = classInputs[index];
      p = x;
      side = sides[index];
      // without a focal loss the input is no longer needed
      softmax.classSlope = options.focal ? classSlopes[index] : x;
    }
  }

  /** Byte at which a class's inputs, and its gradient, begin. */
  long rowAt(int index) {
    return Float.BYTES * (inputAt + index * inputs.pixels());
  }

  /** One of a class's coefficients, of those in {@link LossCoefficients}. */
  float coefficient(int index, int which) {
    return coefficients[coefficientsAt + index * LossCoefficients.COUNT + which];
  }

  /** Whether loops may read and write memory themselves: all is native, and every pixel counts. */
  boolean isDirect() {
    return inNative && n == padded && dropped == 0;
  }

  /** Lets the loops per element overwrite side, which belongs to the softmax. */
  void useScratchSide() {
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

  /** Adds to a sum of a class. */
  void add(int index, int sum, double value) {
    sums[index * LossSums.COUNT + sum] += value;
  }

  /** Adds up the accumulators of some sum of the class selected. */
  void addUp(int sum) {
    addUp(selected.index, sum);
  }

  /** The same for any class, in four chains, of which none waits for another. */
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
    add(index, sum, (first + second) + (third + fourth));
  }
}
