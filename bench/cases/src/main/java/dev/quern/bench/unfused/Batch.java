package dev.quern.bench.unfused;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a loss reads, cut into one {@link Segment} for every class of every image. */
final class Batch {
  private final FusedLossSpec spec;
  private final LossExtent extent;
  private final Engine engine;
  private final List<List<Segment>> images = new ArrayList<>();

  private Batch(FusedLossSpec spec, LossExtent extent, Engine engine) {
    this.spec = spec;
    this.extent = extent;
    this.engine = engine;
  }

  static Batch of(
      FusedLossSpec spec, LossExtent extent, Tensor input, Tensor target, @Nullable Tensor weight) {
    // one class of a whole batch is one pool of pixels
    boolean pool = spec.layout() == Layout.ELEMENTS && spec.classes() == 1 && !spec.perImage();
    LossExtent cut = pool ? new LossExtent(1, 1, extent.elements()) : extent;
    var batch = new Batch(spec, cut, input.engine());
    long targetRows = cut.images() * (spec.layout() == Layout.LABELS ? 1 : cut.classes());
    batch.cut(
        batch.rows(input),
        target.toF32().reshape(targetRows, cut.pixels()),
        weight == null ? null : batch.rows(weight));
    return batch;
  }

  private Tensor rows(Tensor tensor) {
    return tensor.reshape(extent.images() * extent.classes(), extent.pixels());
  }

  private void cut(Tensor inputs, Tensor targets, @Nullable Tensor weights) {
    boolean labels = spec.layout() == Layout.LABELS;
    int classes = extent.classes();
    Tensor one = engine.empty(DType.F32, Shape.of(1, extent.pixels()));
    one.fill(1);
    for (long image = 0; image < extent.images(); image++) {
      var segments = new ArrayList<Segment>();
      for (int c = 0; c < classes; c++) {
        long row = image * classes + c;
        Tensor given = row(targets, labels ? image : row);
        Integer ignoreIndex = spec.ignoreIndex();
        segments.add(
            new Segment(
                c,
                row(inputs, row),
                labels ? one.subtract(given.notEqual(c)) : given,
                ignoreIndex == null ? null : given.notEqual(ignoreIndex.floatValue()),
                weights == null ? null : row(weights, row),
                one));
      }
      fillProbabilities(segments);
      images.add(segments);
    }
  }

  private static Tensor row(Tensor rows, long index) {
    return rows.slice(index, index + 1);
  }

  private void fillProbabilities(List<Segment> segments) {
    if (spec.input() == LossInput.PROBABILITIES) {
      segments.forEach(s -> s.setProbability(s.input()));
    } else if (spec.layout() == Layout.ELEMENTS) {
      segments.forEach(s -> s.setProbability(s.input().sigmoid()));
    } else {
      Softmax.fill(segments);
    }
  }

  FusedLossSpec spec() {
    return spec;
  }

  LossExtent extent() {
    return extent;
  }

  boolean fromLogits() {
    return spec.input() == LossInput.LOGITS;
  }

  /** All segments, image by image. */
  List<Segment> segments() {
    return images.stream().flatMap(List::stream).toList();
  }

  /** The segments of one class. */
  List<Segment> segments(int channel) {
    return images.stream().map(segments -> segments.get(channel)).toList();
  }

  /** The gradient from what the terms have left in the segments. */
  Tensor gradient() {
    Tensor gradient =
        engine.empty(DType.F32, Shape.of(extent.images() * extent.classes(), extent.pixels()));
    long row = 0;
    for (List<Segment> segments : images) {
      if (fromLogits() && spec.layout() != Layout.ELEMENTS) {
        Softmax.chain(segments);
      }
      for (Segment segment : segments) {
        row(gradient, row++).copyFrom(segment.gradient(fromLogits()));
      }
    }
    return gradient;
  }
}
