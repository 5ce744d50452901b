package dev.quern.bench.unfused;

import dev.quern.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The probabilities of classes that exclude one another: p_c = e^x_c / (sum of e^x_j). */
final class Softmax {

  private Softmax() {}

  /** Sets the probabilities of an image's classes, and their logarithms. */
  static void fill(List<Segment> classes) {
    Tensor largest = classes.stream().map(Segment::input).reduce(Tensor::maximum).orElseThrow();
    List<Tensor> shares =
        classes.stream().map(segment -> segment.input().subtract(largest).exp()).toList();
    Tensor norm = shares.stream().reduce(Tensor::add).orElseThrow();
    Tensor logNorm = largest.add(norm.log());
    for (int c = 0; c < classes.size(); c++) {
      Segment segment = classes.get(c);
      segment.setProbability(shares.get(c).divide(norm));
      segment.setLogProbability(segment.input().subtract(logNorm));
    }
  }

  /**
   * Turns the derivatives r_c with respect to ln p_c into those with respect to the inputs: r_c -
   * p_c (sum of r_j).
   */
  static void chain(List<Segment> classes) {
    List<@Nullable Tensor> slopes =
        classes.stream().<@Nullable Tensor>map(Segment::takeByLogProbability).toList();
    Tensor sum = null;
    for (Tensor slope : slopes) {
      if (slope != null) {
        sum = sum == null ? slope : sum.add(slope);
      }
    }
    if (sum == null) {
      return;
    }
    for (int c = 0; c < classes.size(); c++) {
      Segment segment = classes.get(c);
      Tensor slope = slopes.get(c);
      Tensor share = segment.probability().multiply(sum);
      segment.addByInput(slope == null ? share.scale(-1) : slope.subtract(share));
    }
  }
}
