package dev.quern.train.batch;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Tile;
import java.lang.foreign.MemorySegment;

/**
 * Neighbouring pixels of a tile. A model gives a logit for each of them, in their order.
 *
 * @param sample the image and its mask
 * @param tile that the pixels belong to
 * @param from the first pixel, counted in the tile row by row
 * @param pixels how many there are
 * @param input what the model takes
 * @param shape of the input
 */
@SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
public record Piece(Sample sample, Tile tile, int from, int pixels, float[] input, Shape shape) {

  /**
   * Copies the input to a device.
   *
   * @param engine of the device
   * @return F32, owned by the current scope
   */
  public Tensor input(Engine engine) {
    return engine.tensor(input, 0, shape);
  }

  /**
   * Copies the mask's values of the pixels to a device.
   *
   * @param engine of the device
   * @param logitsShape one logit for each pixel
   * @return U8, of that shape, 0, 1 or void; owned by the current scope
   */
  public Tensor target(Engine engine, Shape logitsShape) {
    byte[] target = new byte[pixels];
    for (int i = 0; i < pixels; i++) {
      target[i] = sample.mask().values()[pixel(i)];
    }
    return engine.upload(MemorySegment.ofArray(target), DType.U8, logitsShape);
  }

  /**
   * Where a pixel is.
   *
   * @param index in the piece, 0 to {@code pixels - 1}
   * @return its index in the image
   */
  public int pixel(int index) {
    int at = from + index;
    int x = tile.x() + at % tile.width();
    int y = tile.y() + at / tile.width();
    return y * sample.image().width() + x;
  }

  /**
   * Whether the tile's last pixel is among them.
   *
   * @return true in the last piece of a tile
   */
  public boolean endsTile() {
    return from + pixels == tile.pixels();
  }

  /**
   * Whether the image's last pixel is among them.
   *
   * @return true in the last piece of an image
   */
  public boolean endsImage() {
    return endsTile()
        && tile.x() + tile.width() == sample.image().width()
        && tile.y() + tile.height() == sample.image().height();
  }
}
