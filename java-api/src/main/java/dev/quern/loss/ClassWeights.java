package dev.quern.loss;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which classes a loss averages and what they weigh.
 *
 * @param classes their indices; null for all
 * @param weights one per class of the logits; null for equal ones
 */
record ClassWeights(@Nullable List<Integer> classes, @Nullable List<Double> weights) {
  static final ClassWeights EQUAL = new ClassWeights(null, null);

  ClassWeights withClasses(int... indices) {
    if (indices.length == 0 || Arrays.stream(indices).anyMatch(c -> c < 0)) {
      throw new IllegalArgumentException(
          "classes is at least one index from 0 on, got " + Arrays.toString(indices) + ".");
    }
    if (Arrays.stream(indices).distinct().count() < indices.length) {
      throw new IllegalArgumentException(
          "classes names each index once, got " + Arrays.toString(indices) + ".");
    }
    return new ClassWeights(Arrays.stream(indices).boxed().toList(), weights);
  }

  ClassWeights withWeights(double... values) {
    return new ClassWeights(classes, checked("classWeights", values));
  }

  static List<Double> checked(String name, double... values) {
    for (double value : values) {
      SingleLoss.requireAtLeast0(name, value);
    }
    return Arrays.stream(values).boxed().toList();
  }

  /** The classes' shares, with sum 1; none if all are equal. */
  List<Double> shares(int count) {
    if (classes == null && weights == null) {
      return List.of();
    }
    if (weights != null && weights.size() != count) {
      throw new IllegalArgumentException(
          "There are %d classWeights %s, but %d classes."
              .formatted(weights.size(), weights, count));
    }
    double[] shares = new double[count];
    if (classes == null) {
      Arrays.fill(shares, 1);
    } else {
      for (int c : classes) {
        if (c >= count) {
          throw new IllegalArgumentException(
              "classes has index %d, but there are %d classes.".formatted(c, count));
        }
        shares[c] = 1;
      }
    }
    double sum = 0;
    for (int c = 0; c < count; c++) {
      shares[c] *= weights == null ? 1 : weights.get(c);
      sum += shares[c];
    }
    if (sum == 0) {
      throw new IllegalArgumentException(
          "All classes that count weigh 0: classes %s, classWeights %s."
              .formatted(classes, weights));
    }
    List<Double> normalized = new ArrayList<>();
    for (double share : shares) {
      normalized.add(share / sum);
    }
    return normalized;
  }
}
