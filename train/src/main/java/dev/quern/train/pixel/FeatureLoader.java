package dev.quern.train.pixel;

import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.FeatureExtractor.ImageFeatures;
import dev.quern.train.features.PixelSample;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Loads images and computes their features on background threads, ahead of who asks for them.
 * Features are not kept: at 40 values a pixel, 200 images of 256 x 256 would take 2 GB, while
 * computing them anew costs a few milliseconds an image.
 */
final class FeatureLoader implements AutoCloseable {

  /** Most rows of a chunk of a whole image: 5 MB at 40 features. */
  static final int CHUNK_ROWS = 1 << 15;

  private final ExecutorService threads;
  private final int depth;

  /** Bytes of an image and its integral images, per pixel and channel: a float and two doubles. */
  private static final int BYTES_PER_VALUE = 20;

  /**
   * Starts the threads.
   *
   * @param threads how many
   */
  FeatureLoader(int threads) {
    this.threads =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("quern-features-", 0).factory());
    this.depth = 2 * threads;
  }

  /** Runs tasks ahead and hands out their results in the order of the tasks. */
  <T> Iterator<T> inOrder(Stream<Callable<T>> tasks) {
    return inOrder(tasks, depth);
  }

  private <T> Iterator<T> inOrder(Stream<Callable<T>> tasks, int atOnce) {
    return new Prefetch<>(threads, tasks.iterator(), atOnce);
  }

  /** How many images may be under way, so that they fit into a quarter of the heap. */
  private int imagesAtOnce(Dataset data, FeatureExtractor extractor) {
    long bytes = (long) BYTES_PER_VALUE * extractor.channels() * data.sample(0).image().pixels();
    return Math.clamp(Runtime.getRuntime().maxMemory() / 4 / bytes, 1, depth);
  }

  /**
   * One chunk per image.
   *
   * @param data the images
   * @param order indices of the images, in the order wanted
   * @param extractor of the features
   * @param pixelsPerImage how many pixels to draw of each image
   * @param seed of the draw
   * @param epoch of the draw
   */
  Iterator<Chunk> drawn(
      Dataset data,
      int[] order,
      FeatureExtractor extractor,
      int pixelsPerImage,
      long seed,
      long epoch) {
    return inOrder(
        Arrays.stream(order)
            .mapToObj(i ->
                () -> {
                  Sample sample = data.sample(i);
                  int[] drawn =
                      PixelSample.draw(sample.image().pixels(), pixelsPerImage, seed, epoch, i);
                  return new Described(i, sample, extractor.of(sample.image())).chunk(drawn);
                }),
        imagesAtOnce(data, extractor));
  }

  /**
   * Every pixel of every image in order, at most {@link #CHUNK_ROWS} at a time.
   *
   * @param data the images
   * @param extractor of the features
   */
  Iterator<Chunk> whole(Dataset data, FeatureExtractor extractor) {
    Iterator<Described> images =
        inOrder(
            IntStream.range(0, data.size())
                .mapToObj(i ->
                    () -> {
                      Sample sample = data.sample(i);
                      return new Described(i, sample, extractor.of(sample.image()));
                    }),
            imagesAtOnce(data, extractor));
    return inOrder(
        StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(images, Spliterator.ORDERED), false)
            .flatMap(Described::chunks));
  }

  /** An image whose features can be computed piece by piece. */
  private record Described(int image, Sample sample, ImageFeatures features) {

    Stream<Callable<Chunk>> chunks() {
      int pixels = sample.image().pixels();
      return IntStream.iterate(0, from -> from < pixels, from -> from + CHUNK_ROWS)
          .mapToObj(
              from -> () -> chunk(PixelSample.range(from, Math.min(pixels, from + CHUNK_ROWS))));
    }

    Chunk chunk(int[] pixels) {
      byte[] target = new byte[pixels.length];
      for (int i = 0; i < pixels.length; i++) {
        target[i] = sample.mask().values()[pixels[i]];
      }
      return new Chunk(image, sample, features.rows(pixels), target);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
