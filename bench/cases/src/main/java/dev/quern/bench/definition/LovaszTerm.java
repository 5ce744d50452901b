package dev.quern.bench.definition;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Lovasz hinge and Lovasz-softmax: the errors of a list in descending order times the steps of the
 * Jaccard loss 1 - I / U at each. Hinge: e = 1 - x (2 y - 1), those of 0 and less count nothing.
 * Softmax: e = |f - p| of every class, averaged over classes. Equal errors stand in the order of
 * their indices, NaN first. Errors are compared as f32; where two are closer than their rounding
 * either may come first, and {@link Slopes#spread} says how far that moves a derivative.
 */
final class LovaszTerm implements Term {
  private static final double ULP = 0x1p-23;

  private final LossOptions.Lovasz options;
  private final boolean logits;
  private final boolean hinge;
  private final int classes;
  private final int groups;
  private final List<List<Item>> lists = new ArrayList<>();
  private final Item[] items;
  private double value;
  private double absolute;

  /** One entry of a list: what its step may be beside its own. */
  private static final class Item {
    final int index;
    final double error;
    final double slack;
    final boolean foreground;

    /** What an error weighs in the size of the loss: p is e to a power, whose size counts too. */
    final double power;

    double step;
    double spread;

    /** The derivative of the error with respect to its input, over the number of lists. */
    double slope;

    Item(int index, double error, double slack, boolean foreground, double power) {
      this.index = index;
      this.error = error;
      this.slack = slack;
      this.foreground = foreground;
      this.power = power;
      this.slope = foreground ? -1 : 1;
    }
  }

  LovaszTerm(LossOptions.Lovasz options, Batch batch) {
    this.options = options;
    this.logits = !batch.probabilities();
    this.hinge = batch.layout() == Batch.Layout.ELEMENTS;
    this.classes = hinge ? 1 : batch.classes();
    this.groups = options.perImage() ? batch.images() : 1;
    this.items = new Item[batch.x().length];
    for (int l = 0; l < groups * classes; l++) {
      lists.add(new ArrayList<>());
    }
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    int group = options.perImage() ? pixel.image : 0;
    for (int c = 0; c < classes; c++) {
      boolean foreground = pixel.t[c] == 1;
      int index = pixel.number * classes + c;
      Item item;
      if (hinge) {
        double error = foreground ? 1 - pixel.x[0] : 1 + pixel.x[0];
        item = new Item(index, error, 0, foreground, 1);
      } else {
        double error = foreground ? pixel.q[c] : pixel.p[c];
        double slack = logits ? pixel.slack(c) + ULP * error : 0;
        double exponent = logits ? Math.max(-pixel.lnP[c], -pixel.lnQ[c]) : 0;
        double power = 1 + (Double.isFinite(exponent) ? exponent : 0);
        item = new Item(index, error, slack, foreground, power);
      }
      items[index] = item;
      lists.get(group * classes + c).add(item);
    }
  }

  @Override
  public void finish(Sides sides) {
    value = 0;
    absolute = 0;
    for (int group = 0; group < groups; group++) {
      List<List<Item>> averaged = new ArrayList<>();
      for (int c = 0; c < classes; c++) {
        List<Item> list = lists.get(group * classes + c);
        if (counts(list, c)) {
          averaged.add(list);
        } else {
          list.forEach(item -> item.slope = 0);
        }
      }
      for (List<Item> list : averaged) {
        value += lossOf(list) / averaged.size() / groups;
        for (Item item : list) {
          double size = Pixel.times(item.step, Math.max(item.error, 0)) * item.power;
          absolute += size / averaged.size() / groups;
          boolean flat = hinge ? item.error <= 0 : item.error == 0;
          item.slope = flat ? 0 : item.slope / averaged.size() / groups;
        }
      }
    }
  }

  private boolean counts(List<Item> list, int c) {
    if (hinge) {
      return true;
    }
    return switch (options.classes()) {
      case ALL -> true;
      case LISTED -> options.listed().contains(c);
      case PRESENT -> list.stream().anyMatch(item -> item.foreground);
    };
  }

  /** Sorts a list, gives every item its step, and returns the loss. */
  private double lossOf(List<Item> list) {
    list.sort(
        Comparator.<Item>comparingDouble(item -> -order(item))
            .thenComparingInt(item -> item.index));
    int foreground = (int) list.stream().filter(item -> item.foreground).count();
    double loss = 0;
    int inside = foreground;
    int union = foreground;
    for (int from = 0, to; from < list.size(); from = to) {
      to = end(list, from);
      int insideBefore = inside;
      int unionBefore = union;
      for (Item item : list.subList(from, to)) {
        item.step = step(item.foreground, inside, union, foreground);
        loss += Pixel.times(item.step, Math.max(item.error, 0));
        inside -= item.foreground ? 1 : 0;
        union += item.foreground ? 0 : 1;
      }
      for (Item item : to - from == 1 ? List.<Item>of() : list.subList(from, to)) {
        double high = step(item.foreground, insideBefore, unionBefore, foreground);
        double low =
            item.foreground
                ? step(true, inside, union, foreground)
                : step(false, inside, union - 1, foreground);
        item.spread = Math.max(high - item.step, item.step - low);
      }
    }
    return loss;
  }

  /** The place of an item: its error as f32, NaN above all. */
  private static double order(Item item) {
    double error = Math.clamp((float) item.error, -Double.MAX_VALUE, Double.MAX_VALUE);
    return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
  }

  /** The end of the items whose errors are too close to say which is greater. */
  private static int end(List<Item> list, int from) {
    int to = from + 1;
    while (to < list.size()) {
      Item a = list.get(to - 1);
      Item b = list.get(to);
      double slack = a.slack + b.slack;
      if (slack == 0 || !(Math.abs(a.error - b.error) <= slack)) {
        return to;
      }
      to++;
    }
    return to;
  }

  private static double step(boolean isForeground, int inside, int union, int foreground) {
    if (foreground == 0) {
      return union == 0 ? 1 : 0;
    }
    return isForeground ? 1.0 / union : inside / (union * (union + 1.0));
  }

  @Override
  public double value() {
    return value;
  }

  @Override
  public double absolute() {
    return absolute;
  }

  @Override
  public void addGradient(Pixel pixel, Sides sides, Slopes slopes) {
    int first = pixel.number * classes;
    if (hinge || !logits) {
      for (int c = 0; c < classes; c++) {
        slopes.g[c] += slope(first + c);
        slopes.spread[c] += spread(first + c);
      }
      return;
    }
    for (int c = 0; c < classes; c++) {
      double sum = 0;
      double spread = 0;
      for (int j = 0; j < classes; j++) {
        if (j != c) {
          sum += pixel.p[j] * (slope(first + c) - slope(first + j));
          spread += pixel.p[j] * (spread(first + c) + spread(first + j));
        }
      }
      slopes.g[c] += pixel.p[c] * sum;
      slopes.spread[c] += pixel.p[c] * spread;
      slopes.steep(slope(first + c));
    }
  }

  private double slope(int index) {
    Item item = items[index];
    // a class that is not averaged has no slope, whatever it holds
    return item.slope != 0 && Double.isNaN(item.error) ? Double.NaN : item.slope * item.step;
  }

  private double spread(int index) {
    return Math.abs(items[index].slope) * items[index].spread;
  }
}
