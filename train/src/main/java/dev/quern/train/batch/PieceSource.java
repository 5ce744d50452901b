package dev.quern.train.batch;

import dev.quern.train.data.Dataset;
import java.util.Iterator;

/** Divides whole images into pieces for a model. */
public interface PieceSource {

  /**
   * Every pixel of every image, tile by tile, prepared ahead. Who takes the last piece of an image
   * closes it. In the turn of an image that cannot be used {@code next} throws {@link
   * UnusableSampleException}, once.
   *
   * @param data the images
   * @return their pieces, in the order of the images
   */
  Iterator<Piece> whole(Dataset data);
}
