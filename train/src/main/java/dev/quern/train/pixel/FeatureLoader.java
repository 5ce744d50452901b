package dev.quern.train.pixel;

import dev.quern.train.BadInputException;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.ImageFeatures;
import dev.quern.train.features.ImageFeatures.TileFeatures;
import dev.quern.train.features.PixelSample;
import dev.quern.train.features.Standardization;
import dev.quern.train.features.Tile;
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
 * Features are not kept: at 35 values a pixel, 200 images of 256 x 256 would take 2 GB, while
 * computing them anew costs a few milliseconds an image.
 */
final class FeatureLoader implements AutoCloseable {

  /** Most rows of a piece of an image: 5 MB at 35 features. */
  static final int PIECE_ROWS = 1 << 15;

  private final ExecutorService threads;
  private final int depth;

  /** Bytes of a tile's values and integral images, per channel, its surroundings included. */
  private static final long TILE_BYTES = 20L * (Tile.SIDE + 64) * (Tile.SIDE + 64);

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

  /** How many things of a size may be under way, so that they fit into an eighth of the heap. */
  private int atOnce(long bytes) {
    return Math.clamp(Runtime.getRuntime().maxMemory() / 8 / Math.max(1, bytes), 1, depth);
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
                  byte[] target = new byte[drawn.length];
                  for (int p = 0; p < drawn.length; p++) {
                    target[p] = sample.mask().values()[drawn[p]];
                  }
                  Chunk chunk = new Chunk(extractor.of(sample.image()).rows(drawn), target);
                  sample.image().close();
                  return chunk;
                }),
        atOnce(data.largestSample()));
  }

  /** Mean and deviation of the features over as many pixels as an epoch sees. */
  Standardization standardization(
      Dataset train, FeatureExtractor extractor, int pixelsPerImage, long seed) {
    Standardization.Sums sums = new Standardization.Sums(extractor.size());
    int[] order = IntStream.range(0, train.size()).toArray();
    drawn(train, order, extractor, pixelsPerImage, seed, 0)
        .forEachRemaining(chunk -> sums.add(chunk.features()));
    return sums.result();
  }

  /**
   * Every pixel of every image, tile by tile, at most {@link #PIECE_ROWS} at a time. Who takes the
   * last piece of an image closes it. In the turn of an image that cannot be used {@code next}
   * throws {@link UnusableSampleException}, once.
   *
   * @param data the images
   * @param extractor of the features
   */
  Iterator<Piece> whole(Dataset data, FeatureExtractor extractor) {
    Iterator<Described> images =
        inOrder(
            IntStream.range(0, data.size()).mapToObj(i -> () -> described(data, i, extractor)),
            atOnce(data.largestSample()));
    Iterator<DescribedTile> tiles =
        inOrder(
            stream(images).flatMap(Described::tiles), atOnce(TILE_BYTES * extractor.channels()));
    return inOrder(stream(tiles).flatMap(DescribedTile::pieces));
  }

  private static <T> Stream<T> stream(Iterator<T> items) {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(items, Spliterator.ORDERED), false);
  }

  private static Described described(Dataset data, int index, FeatureExtractor extractor) {
    try {
      Sample sample = data.sample(index);
      if (!extractor.takes(sample.image().channels())) {
        throw new BadInputException(
            "%s has %d channels, but the model was trained on images of %d; give images of as many."
                .formatted(sample.name(), sample.image().channels(), extractor.channels()));
      }
      return new DescribedImage(sample, extractor.of(sample.image()));
    } catch (BadInputException e) {
      return new Unusable(index, e);
    }
  }

  /** What comes of an image, one by one. */
  private sealed interface Described {
    Stream<Callable<DescribedTile>> tiles();
  }

  /** An image whose tiles can be prepared. */
  private record DescribedImage(Sample sample, ImageFeatures features) implements Described {
    @Override
    public Stream<Callable<DescribedTile>> tiles() {
      return Tile.of(sample.image().width(), sample.image().height()).stream()
          .map(tile -> () -> new ReadableTile(sample, tile, features.tile(tile)));
    }
  }

  private sealed interface DescribedTile {
    Stream<Callable<Piece>> pieces();
  }

  /** A tile whose features can be computed piece by piece. */
  private record ReadableTile(Sample sample, Tile tile, TileFeatures features)
      implements DescribedTile {
    @Override
    public Stream<Callable<Piece>> pieces() {
      return IntStream.iterate(0, from -> from < tile.pixels(), from -> from + PIECE_ROWS)
          .mapToObj(from ->
              () -> {
                int to = Math.min(tile.pixels(), from + PIECE_ROWS);
                return new Piece(sample, tile, from, to - from, features.rows(from, to));
              });
    }
  }

  /** An image that cannot be read, which comes to light when its turn comes and not before. */
  private record Unusable(int index, BadInputException reason) implements Described, DescribedTile {
    @Override
    public Stream<Callable<DescribedTile>> tiles() {
      return Stream.of(() -> this);
    }

    @Override
    public Stream<Callable<Piece>> pieces() {
      return Stream.of(() -> {
        throw new UnusableSampleException(index, reason);
      });
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
