package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One call of a Lovasz loss: what it reads and writes, and how a chunk of a list becomes items to
 * be sorted.
 */
final class LovaszCall {
  private static final float[] ZEROS = new float[Chunks.SIZE];

  final LovaszSpec spec;
  final LovaszGroups groups;
  final MemorySegment logits;
  final MemorySegment target;

  /** Null if no gradient is asked for. */
  final @Nullable MemorySegment gradient;

  /** The least index of a faulty label so far. */
  final AtomicLong fault = new AtomicLong(Long.MAX_VALUE);

  private final boolean hinge;

  /**
   * Where the softmax leaves the probabilities, or minus the rest of sure ones: the gradient, or
   * scratch memory without one.
   */
  private MemorySegment probabilities;

  private long firstProbability;

  LovaszCall(
      LovaszSpec spec,
      LovaszGroups groups,
      MemorySegment logits,
      MemorySegment target,
      @Nullable MemorySegment gradient,
      MemorySegment probabilities) {
    this.spec = spec;
    this.groups = groups;
    this.logits = logits;
    this.target = target;
    this.gradient = gradient;
    this.hinge = spec.kind() == Kind.HINGE;
    this.probabilities = gradient == null ? probabilities : gradient;
  }

  /** A task on the memory of a call. */
  abstract static class Work extends Task {
    final LovaszCall call;
    final LovaszGroups groups;

    Work(LovaszCall call) {
      this.call = call;
      this.groups = call.groups;
      open(call.logits);
      open(call.target);
      open(call.probabilities);
    }
  }

  boolean isHinge() {
    return hinge;
  }

  /** Whether a softmax comes before the lists. */
  boolean normalizes() {
    return !hinge && spec.input() == LossInput.LOGITS;
  }

  /** Makes the softmax write to scratch memory from its start on, without a gradient. */
  void probabilitiesStartAt(long element) {
    firstProbability = gradient == null ? element : 0;
  }

  /** Returns the bytes that the probabilities of elements are at. */
  long probabilityOffset(long element) {
    return 4 * (element - firstProbability);
  }

  MemorySegment probabilities() {
    return probabilities;
  }

  /** Stages the labels of a chunk; faults are noted once if {@code watching}. */
  void stageLabels(LovaszStage stage, long group, int chunk, boolean watching) {
    long first = groups.firstLabel(group) + groups.before(chunk);
    int n = groups.chunkLength(chunk);
    int classes = hinge ? 2 : groups.classes;
    int faulty =
        stage.stageLabels(target, spec.targetDtype(), first, n, classes, spec.ignoreIndex());
    if (watching && faulty < n) {
      fault.accumulateAndGet(first + faulty, Math::min);
    }
  }

  /**
   * Makes items of a chunk of a list, adds its foreground to the stage's count and clears its
   * gradient.
   *
   * @param items where they go, from {@code at} on
   * @return how many there are
   */
  int makeItems(LovaszStage stage, long group, int c, int chunk, MemorySegment items, int at) {
    stageLabels(stage, group, chunk, hinge);
    int n = groups.chunkLength(chunk);
    int row = chunk / groups.rowChunks;
    int pixel = groups.firstPixel(chunk);
    LovaszPlaces places = groups.places(group, c);
    long element = places.element(row, pixel);
    if (normalizes()) {
      stage.stageValues(probabilities, probabilityOffset(element), n);
    } else {
      stage.stageValues(logits, 4 * element, n);
    }
    clear(element, n);
    if (hinge) {
      stage.foreground += LovaszLoops.hinge(stage, n);
    } else {
      stage.foreground +=
          normalizes() ? LovaszLoops.softmax(stage, c, n) : LovaszLoops.probabilities(stage, c, n);
    }
    return stage.compact(n, places.position(row, pixel), items, at);
  }

  /** Clears the gradient of a list that is not averaged. */
  void clearList(long group, int c) {
    LovaszPlaces places = groups.places(group, c);
    for (int chunk = 0; chunk < groups.listChunks(); chunk++) {
      int row = chunk / groups.rowChunks;
      clear(places.element(row, groups.firstPixel(chunk)), groups.chunkLength(chunk));
    }
  }

  private void clear(long element, int n) {
    if (gradient != null) {
      MemorySegment.copy(ZEROS, 0, gradient, JAVA_FLOAT_UNALIGNED, 4 * element, n);
    }
  }
}
