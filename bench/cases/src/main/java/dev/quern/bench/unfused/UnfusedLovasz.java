package dev.quern.bench.unfused;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * A Lovasz loss in plain tensor operations: a pixel's place in its list is found by comparing it
 * with every other, so that memory grows with the square of a list's length.
 *
 * @param value the loss
 * @param gradient its derivative with respect to what the loss is given, (images, classes, pixels)
 */
public record UnfusedLovasz(double value, Tensor gradient) {

  /**
   * Computes the loss.
   *
   * @param spec the loss
   * @param extent the batch
   * @param input F32 logits or probabilities, (images, classes, pixels) in any shape
   * @param target of the specification's target dtype, in any shape
   * @return value and gradient; the gradient is owned by the current scope
   */
  public static UnfusedLovasz of(LovaszSpec spec, LossExtent extent, Tensor input, Tensor target) {
    long groups = spec.groups(extent);
    Tensor gradient = input.engine().empty(DType.F32, Shape.of(groups, extent.elements() / groups));
    Tensor inputs = input.reshape(groups, extent.elements() / groups);
    Tensor targets = target.toF32().reshape(groups, spec.listLength(extent));
    LossExtent ofGroup =
        new LossExtent(extent.images() / groups, extent.classes(), extent.pixels());
    double value = 0;
    for (long group = 0; group < groups; group++) {
      Tensor x = inputs.slice(group, group + 1);
      Tensor t = targets.slice(group, group + 1);
      Integer ignoreIndex = spec.ignoreIndex();
      Tensor mask =
          ignoreIndex == null
              ? ones(input.engine(), t.shape())
              : t.notEqual(ignoreIndex.floatValue());
      UnfusedLovasz part =
          spec.kind() == Kind.HINGE ? hinge(x, t, mask) : softmax(spec, ofGroup, x, t, mask);
      value += part.value / groups;
      gradient.slice(group, group + 1).copyFrom(part.gradient.scale(1f / groups));
    }
    return new UnfusedLovasz(value, gradient);
  }

  private static UnfusedLovasz hinge(Tensor input, Tensor target, Tensor mask) {
    Tensor x = input.where(mask);
    Tensor t = target.where(mask);
    Tensor one = ones(input.engine(), t.shape());
    Tensor side = t.scale(2).subtract(one);
    Tensor errors = one.subtract(x.multiply(side));
    Tensor weights = weights(errors, t, mask);
    Tensor positive = errors.maximum(one.scale(0));
    double value = positive.multiply(weights).where(mask).sum().item();
    Tensor gradient = side.multiply(weights).scale(-1).where(positive).where(mask);
    return new UnfusedLovasz(value, gradient);
  }

  private static UnfusedLovasz softmax(
      LovaszSpec spec, LossExtent extent, Tensor input, Tensor target, Tensor mask) {
    int classes = extent.classes();
    Shape imageShape = Shape.of(1, extent.pixels());
    Tensor rows = input.reshape(extent.images() * classes, extent.pixels());
    Tensor masks = mask.reshape(extent.images(), extent.pixels());
    Tensor one = ones(input.engine(), imageShape);
    var images = new ArrayList<List<Segment>>();
    for (long image = 0; image < extent.images(); image++) {
      Tensor labels = target.reshape(extent.images(), extent.pixels()).slice(image, image + 1);
      var segments = new ArrayList<Segment>();
      for (int c = 0; c < classes; c++) {
        Tensor x = rows.slice(image * classes + c, image * classes + c + 1);
        Tensor t = one.subtract(labels.notEqual(c));
        segments.add(new Segment(c, x, t, masks.slice(image, image + 1), null, one));
      }
      if (spec.input() == LossInput.LOGITS) {
        Softmax.fill(segments);
      } else {
        segments.forEach(s -> s.setProbability(s.input()));
      }
      images.add(segments);
    }
    double sum = 0;
    var averaged = new ArrayList<Integer>();
    for (int c = 0; c < classes; c++) {
      int channel = c;
      List<Segment> segments = images.stream().map(image -> image.get(channel)).toList();
      boolean present = segments.stream().anyMatch(s -> s.sum(s.target()) > 0);
      if (spec.averages(c, present)) {
        averaged.add(c);
        sum += addClass(segments, mask);
      }
    }
    int count = Math.max(1, averaged.size());
    Tensor gradient = input.engine().empty(DType.F32, rows.shape());
    long row = 0;
    for (List<Segment> segments : images) {
      if (spec.input() == LossInput.LOGITS) {
        Softmax.chain(segments);
      }
      for (Segment segment : segments) {
        gradient.slice(row, row + 1).copyFrom(segment.gradient(false).scale(1f / count));
        row++;
      }
    }
    return new UnfusedLovasz(sum / count, gradient.reshape(1, extent.elements()));
  }

  /** The loss of one class; its derivatives are left in the segments. */
  private static double addClass(List<Segment> segments, Tensor mask) {
    Tensor p = concatenate(segments.stream().map(Segment::probability).toList());
    Tensor t = concatenate(segments.stream().map(Segment::target).toList());
    Tensor difference = p.subtract(t);
    Tensor sign = difference.sign();
    Tensor errors = difference.multiply(sign);
    Tensor weights = weights(errors, t, mask);
    long images = segments.size();
    Tensor slopes = sign.multiply(weights).reshape(images, t.shape().elements() / images);
    for (int image = 0; image < images; image++) {
      segments.get(image).addByProbability(slopes.slice(image, image + 1));
    }
    return errors.multiply(weights).where(mask).sum().item();
  }

  /**
   * What the error of every pixel is multiplied by: the growth of the Jaccard loss from the pixels
   * of larger error (of equal error those before it) to those and itself.
   */
  private static Tensor weights(Tensor errors, Tensor foreground, Tensor mask) {
    long n = errors.shape().elements();
    Engine engine = errors.engine();
    Tensor t = foreground.where(mask).reshape(n, 1);
    Tensor valid = mask.reshape(n, 1);
    Tensor zeros = ones(engine, Shape.of(n, n)).scale(0);
    // row i, column j: e_j - e_i
    Tensor excess =
        zeros.addBroadcast(errors.reshape(n), 1).addBroadcast(errors.reshape(n).scale(-1), 0);
    Tensor unequal = excess.notEqual(0);
    Tensor equal = ones(engine, Shape.of(n, n)).subtract(unequal);
    Tensor larger = excess.sign().add(unequal).scale(0.5f);
    Tensor before = larger.add(equal.multiply(lowerTriangle(engine, (int) n)));
    Tensor hits = before.matmul(t);
    Tensor misses = before.matmul(valid).subtract(hits);
    Tensor all = ones(engine, Shape.of(n, 1)).scale(t.sum().item());
    Tensor miss = valid.subtract(t);
    Tensor after = ratio(all.subtract(hits), all.add(misses));
    Tensor until = ratio(all.subtract(hits).add(t), all.add(misses).subtract(miss));
    return until.subtract(after).reshape(1, n);
  }

  /** intersection / union, 1 where both are empty. */
  private static Tensor ratio(Tensor intersection, Tensor union) {
    Tensor empty = ones(union.engine(), union.shape()).subtract(union.notEqual(0));
    return intersection.divide(union.add(empty)).add(empty);
  }

  /** 1 where the column is not after the row, else 0. */
  private static Tensor lowerTriangle(Engine engine, int n) {
    float[] values = new float[n * n];
    for (int row = 0; row < n; row++) {
      for (int column = 0; column <= row; column++) {
        values[row * n + column] = 1;
      }
    }
    return engine.tensor(values, n, n);
  }

  private static Tensor concatenate(List<Tensor> rows) {
    Tensor first = rows.getFirst();
    long n = first.shape().elements();
    Tensor all = first.engine().empty(DType.F32, Shape.of(rows.size(), n));
    for (int i = 0; i < rows.size(); i++) {
      all.slice(i, i + 1).copyFrom(rows.get(i));
    }
    return all.reshape(1, rows.size() * n);
  }

  private static Tensor ones(Engine engine, Shape shape) {
    Tensor tensor = engine.empty(DType.F32, shape);
    tensor.fill(1);
    return tensor;
  }
}
