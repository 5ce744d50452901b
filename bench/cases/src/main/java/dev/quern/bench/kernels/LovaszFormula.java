package dev.quern.bench.kernels;

import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The Lovasz losses as their definition says, in double: sorted lists, and differences of the
 * Jaccard loss. What finite differences are taken of, and where ties of golden vectors are found.
 */
public final class LovaszFormula {

  private LovaszFormula() {}

  /**
   * A pixel of a list.
   *
   * @param label where its label is
   * @param error its error
   * @param foreground whether it is labelled with the list's class
   */
  public record Pixel(int label, double error, boolean foreground) {}

  /**
   * One sorted list of valid pixels.
   *
   * @param group the image, or 0
   * @param pixels by descending error, equal ones by index
   */
  public record SortedList(int group, List<Pixel> pixels) {

    /** {@return the loss of the list} */
    public double loss() {
      double foreground = pixels.stream().filter(Pixel::foreground).count();
      double intersection = foreground;
      double union = foreground;
      double before = 0;
      double sum = 0;
      for (Pixel pixel : pixels) {
        intersection -= pixel.foreground() ? 1 : 0;
        union += pixel.foreground() ? 0 : 1;
        double jaccard = 1 - intersection / union;
        sum += Math.max(pixel.error(), 0) * (jaccard - before);
        before = jaccard;
      }
      return sum;
    }
  }

  /**
   * {@return the loss}
   *
   * @param spec the loss
   * @param extent the batch
   * @param x logits or probabilities
   * @param target the labels
   */
  public static double value(LovaszSpec spec, LossExtent extent, double[] x, double[] target) {
    int groups = Math.toIntExact(spec.groups(extent));
    double[] sums = new double[groups];
    int[] counts = new int[groups];
    for (SortedList list : lists(spec, extent, x, target)) {
      sums[list.group()] += list.loss();
      counts[list.group()]++;
    }
    double total = 0;
    for (int group = 0; group < groups; group++) {
      total += counts[group] == 0 ? 0 : sums[group] / counts[group];
    }
    return total / Math.max(1, groups);
  }

  /**
   * {@return the gradient by central differences; its own error is below 1e-8 where no error is
   * close to another}
   *
   * @param spec the loss
   * @param extent the batch
   * @param x logits or probabilities of moderate size
   * @param target the labels
   */
  public static double[] gradient(LovaszSpec spec, LossExtent extent, double[] x, double[] target) {
    double step = 1e-6;
    double[] moved = x.clone();
    double[] gradient = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      moved[i] = x[i] + step;
      double above = value(spec, extent, moved, target);
      moved[i] = x[i] - step;
      double below = value(spec, extent, moved, target);
      moved[i] = x[i];
      gradient[i] = (above - below) / (2 * step);
    }
    return gradient;
  }

  /**
   * {@return the lists that are averaged}
   *
   * @param spec the loss
   * @param extent the batch
   * @param x logits or probabilities
   * @param target the labels
   */
  public static List<SortedList> lists(
      LovaszSpec spec, LossExtent extent, double[] x, double[] target) {
    boolean hinge = spec.kind() == Kind.HINGE;
    int classes = hinge ? 1 : extent.classes();
    int pixels = Math.toIntExact(extent.pixels()) * (hinge ? extent.classes() : 1);
    boolean softmax = !hinge && spec.input() == LossInput.LOGITS;
    double[] p = softmax ? softmax(x, classes, pixels) : x;
    int groups = Math.toIntExact(spec.groups(extent));
    int length = Math.toIntExact(spec.listLength(extent));
    Integer ignoreIndex = spec.ignoreIndex();
    var lists = new ArrayList<SortedList>();
    for (int group = 0; group < groups; group++) {
      for (int c = 0; c < classes; c++) {
        var list = new ArrayList<Pixel>();
        for (int i = group * length; i < (group + 1) * length; i++) {
          if (ignoreIndex != null && target[i] == ignoreIndex) {
            continue;
          }
          double v = p[(i / pixels * classes + c) * pixels + i % pixels];
          boolean foreground = target[i] == (hinge ? 1 : c);
          double error = hinge ? 1 - v * (2 * target[i] - 1) : Math.abs((foreground ? 1 : 0) - v);
          list.add(new Pixel(i, error, foreground));
        }
        list.sort(Comparator.comparingDouble(Pixel::error).reversed());
        if (hinge || spec.averages(c, list.stream().anyMatch(Pixel::foreground))) {
          lists.add(new SortedList(group, list));
        }
      }
    }
    return lists;
  }

  private static double[] softmax(double[] x, int classes, int pixels) {
    double[] p = new double[x.length];
    for (int first = 0; first < x.length; first += classes * pixels) {
      for (int i = first; i < first + pixels; i++) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          p[i + c * pixels] = Math.exp(x[i + c * pixels]);
          sum += p[i + c * pixels];
        }
        for (int c = 0; c < classes; c++) {
          p[i + c * pixels] /= sum;
        }
      }
    }
    return p;
  }
}
