package dev.quern.train.unet;

import dev.quern.Shape;
import dev.quern.nn.tile.Surroundings;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.batch.UnusableSampleException;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Tile;
import dev.quern.train.message.BadInputException;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Whole images tile by tile, each with as much around it as its logits see, so that they are those
 * of the whole image to the bit. An image is made as large as the network's multiple by reflection
 * at its right and lower border.
 *
 * @param prefetch reads ahead
 * @param network what it sees of an image
 * @param surroundings of a tile
 */
record TilePieces(Prefetch prefetch, NetworkInput network, Surroundings surroundings)
    implements PieceSource {

  @Override
  public Iterator<Piece> whole(Dataset data) {
    Iterator<Opened> images =
        prefetch.inOrder(
            IntStream.range(0, data.size()).mapToObj(i -> () -> open(data, i)),
            data.largestSample());
    Spliterator<Opened> opened = Spliterators.spliteratorUnknownSize(images, Spliterator.ORDERED);
    long side = Tile.SIDE + 2L * surroundings.margin();
    return prefetch.inOrder(
        StreamSupport.stream(opened, false).flatMap(Opened::pieces),
        4 * side * side * network.channels());
  }

  private Opened open(Dataset data, int index) {
    try {
      Sample sample = data.sample(index);
      network.require(sample);
      return () ->
          Tile.of(sample.image().width(), sample.image().height()).stream()
              .map(tile -> () -> piece(sample, tile));
    } catch (BadInputException e) {
      return () ->
          Stream.of(() -> {
            throw new UnusableSampleException(index, e);
          });
    }
  }

  /** What comes of an image: its pieces, or that it cannot be used, when its turn comes. */
  @FunctionalInterface
  private interface Opened {
    Stream<Callable<Piece>> pieces();
  }

  private Piece piece(Sample sample, Tile tile) {
    Image image = sample.image();
    Surroundings.Range columns = surroundings.around(tile.x(), tile.width(), image.width());
    Surroundings.Range rows = surroundings.around(tile.y(), tile.height(), image.height());
    float[] input =
        new float[Math.multiplyExact(network.channels(), columns.length() * rows.length())];
    network.read(image, columns.from(), rows.from(), columns.length(), rows.length(), input, 0);
    return new Piece(
        sample,
        tile,
        0,
        tile.pixels(),
        input,
        Shape.of(1, network.channels(), rows.length(), columns.length()));
  }
}
