package dev.quern.train.pixel;

import dev.quern.Shape;
import dev.quern.train.batch.Batch;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Shuffle;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.PixelSample;
import dev.quern.train.features.Standardization;
import dev.quern.train.run.RunConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pixels drawn anew from every image in every epoch, with their features. Features are not kept: at
 * 35 values a pixel, 200 images of 256 x 256 would take 2 GB.
 */
final class PixelBatches implements BatchSource {

  private final Prefetch prefetch;
  private final Dataset images;
  private final FeatureExtractor extractor;
  private final RunConfig config;

  PixelBatches(Prefetch prefetch, Dataset images, FeatureExtractor extractor, RunConfig config) {
    this.prefetch = prefetch;
    this.images = images;
    this.extractor = extractor;
    this.config = config;
  }

  /** Drawn pixels of one image: rows of features, and 0, 1 or void for each. */
  @SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
  private record Drawn(float[] features, byte[] target) {}

  @Override
  public int batches() {
    return Math.ceilDiv(images.size(), config.batchSize());
  }

  @Override
  public Iterator<Batch> epoch(int epoch, int done) {
    int[] order = Shuffle.order(images.size(), config.seed(), epoch);
    int first = Math.min(order.length, done * config.batchSize());
    Iterator<Drawn> drawn = drawn(Arrays.copyOfRange(order, first, order.length), epoch);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return drawn.hasNext();
      }

      @Override
      public Batch next() {
        List<Drawn> parts = new ArrayList<>();
        parts.add(drawn.next());
        while (parts.size() < config.batchSize() && drawn.hasNext()) {
          parts.add(drawn.next());
        }
        return joined(parts);
      }
    };
  }

  private Batch joined(List<Drawn> parts) {
    int rows = parts.stream().mapToInt(part -> part.target().length).sum();
    int size = extractor.size();
    float[] features = new float[Math.multiplyExact(rows, size)];
    byte[] target = new byte[rows];
    int at = 0;
    for (Drawn part : parts) {
      System.arraycopy(part.features(), 0, features, at * size, part.features().length);
      System.arraycopy(part.target(), 0, target, at, part.target().length);
      at += part.target().length;
    }
    return new Batch(features, Shape.of(rows, size), target, Shape.of(rows, 1));
  }

  private Iterator<Drawn> drawn(int[] order, int epoch) {
    return prefetch.inOrder(
        Arrays.stream(order).mapToObj(i -> () -> draw(i, epoch)), images.largestSample());
  }

  private Drawn draw(int index, int epoch) {
    Sample sample = images.sample(index);
    int[] pixels =
        PixelSample.draw(
            sample.image().pixels(), config.pixelsPerImage(), config.seed(), epoch, index);
    byte[] target = new byte[pixels.length];
    for (int p = 0; p < pixels.length; p++) {
      target[p] = sample.mask().values()[pixels[p]];
    }
    Drawn drawn = new Drawn(extractor.of(sample.image()).rows(pixels), target);
    sample.image().close();
    return drawn;
  }

  /** Mean and deviation of the features over as many pixels as an epoch sees. */
  Standardization standardization() {
    Standardization.Sums sums = new Standardization.Sums(extractor.size());
    drawn(IntStream.range(0, images.size()).toArray(), 0)
        .forEachRemaining(part -> sums.add(part.features()));
    return sums.result();
  }
}
