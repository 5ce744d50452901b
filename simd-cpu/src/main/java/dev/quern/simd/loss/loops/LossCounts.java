package dev.quern.simd.loss.loops;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.confusion.Confusion;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The confusion counts that ride along; a soft target counts as positive from 1/2 on. */
final class LossCounts {
  private LossCounts() {}

  static void count(LossBlock b) {
    float cut = Objects.requireNonNull(b.options.spec.countCut());
    add(b.x, b.t, cut, b.padded, b.counts);
    // what does not count was counted as negative
    int neutral = b.padded - b.n + b.dropped;
    if (b.neutralInput() >= cut) {
      b.counts.falsePositives -= neutral;
    } else {
      b.counts.trueNegatives -= neutral;
    }
  }

  private static void add(float[] x, float[] t, float cut, int n, Confusion counts) {
    FloatVector least = FloatVector.broadcast(SPECIES, cut);
    int positives = 0;
    int predicted = 0;
    int both = 0;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> positive =
          FloatVector.fromArray(SPECIES, t, i).compare(VectorOperators.GE, lanes(0.5f));
      VectorMask<Float> hit =
          FloatVector.fromArray(SPECIES, x, i).compare(VectorOperators.GE, least);
      positives += positive.trueCount();
      predicted += hit.trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(n - positives, positives, predicted, both);
  }
}
