package dev.quern.train.pixel;

import dev.quern.Shape;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.batch.UnusableSampleException;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Tile;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.ImageFeatures;
import dev.quern.train.features.ImageFeatures.TileFeatures;
import dev.quern.train.message.BadInputException;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The features of every pixel of whole images, computed piece by piece. */
final class PixelPieces implements PieceSource {

  /** Most pixels of a piece: 5 MB at 35 features. */
  static final int PIECE_PIXELS = 1 << 15;

  /** Bytes of a tile's values and integral images, per channel, its surroundings included. */
  private static final long TILE_BYTES = 20L * (Tile.SIDE + 64) * (Tile.SIDE + 64);

  private final Prefetch prefetch;
  private final FeatureExtractor extractor;

  PixelPieces(Prefetch prefetch, FeatureExtractor extractor) {
    this.prefetch = prefetch;
    this.extractor = extractor;
  }

  @Override
  public Iterator<Piece> whole(Dataset data) {
    Iterator<Described> images =
        prefetch.inOrder(
            IntStream.range(0, data.size()).mapToObj(i -> () -> described(data, i)),
            data.largestSample());
    Iterator<DescribedTile> tiles =
        prefetch.inOrder(
            stream(images).flatMap(Described::tiles), TILE_BYTES * extractor.channels());
    return prefetch.inOrder(stream(tiles).flatMap(DescribedTile::pieces));
  }

  private static <T> Stream<T> stream(Iterator<T> items) {
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(items, Spliterator.ORDERED), false);
  }

  private Described described(Dataset data, int index) {
    try {
      Sample sample = data.sample(index);
      if (!extractor.takes(sample.image().channels())) {
        throw new BadInputException(
            "%s has %d channels, but the model was trained on images of %d; give images of as many."
                .formatted(sample.name(), sample.image().channels(), extractor.channels()));
      }
      return new DescribedImage(sample, extractor.of(sample.image()), extractor.size());
    } catch (BadInputException e) {
      return new Unusable(index, e);
    }
  }

  /** What comes of an image, one by one. */
  private sealed interface Described {
    Stream<Callable<DescribedTile>> tiles();
  }

  /** An image whose tiles can be prepared. */
  private record DescribedImage(Sample sample, ImageFeatures features, int size)
      implements Described {
    @Override
    public Stream<Callable<DescribedTile>> tiles() {
      return Tile.of(sample.image().width(), sample.image().height()).stream()
          .map(tile -> () -> new ReadableTile(sample, tile, features.tile(tile), size));
    }
  }

  private sealed interface DescribedTile {
    Stream<Callable<Piece>> pieces();
  }

  /** A tile whose features can be computed piece by piece. */
  private record ReadableTile(Sample sample, Tile tile, TileFeatures features, int size)
      implements DescribedTile {
    @Override
    public Stream<Callable<Piece>> pieces() {
      return IntStream.iterate(0, from -> from < tile.pixels(), from -> from + PIECE_PIXELS)
          .mapToObj(from -> () -> piece(from, Math.min(tile.pixels(), from + PIECE_PIXELS)));
    }

    private Piece piece(int from, int to) {
      Shape shape = Shape.of(to - from, size);
      return new Piece(sample, tile, from, to - from, features.rows(from, to), shape);
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
}
