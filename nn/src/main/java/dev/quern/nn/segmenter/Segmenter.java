package dev.quern.nn.segmenter;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.nn.tile.ChannelStandardization;
import dev.quern.nn.tile.Planes;
import dev.quern.nn.tile.Surroundings;
import dev.quern.nn.unet.FoldedUNet;
import dev.quern.nn.unet.UNet;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Segments images with a U-Net that {@code quern train} has trained.
 *
 * <pre>{@code
 * try (Segmenter segmenter = Segmenter.load(Path.of("runs/cells/checkpoint-best.safetensors"))) {
 *   float[] probabilities = segmenter.predict(image, height, width);
 * }
 * }</pre>
 *
 * <p>An image is planes of F32 one after the other, each row by row (channels, height, width), as
 * many as {@link #channels}: of an integer file the samples divided by the largest value of their
 * depth, such as 255, of a floating-point file the samples. Heights and widths are as they come:
 * the image is reflected at its right and lower border as far as the network needs it.
 *
 * <p>An image of at most 1024 x 1024 pixels goes through the network at once. A larger one goes
 * through in tiles of that size with as much around each as {@link UNet#radius} says, so that the
 * logits are those of one pass, to the bit, and the device's memory does not depend on the image's
 * size. A pixel of a tile with its surroundings takes about 24 bytes on the device for each channel
 * of the network's width, and 4 for each channel of the image: 400 MB for 1024 x 1024 pixels and
 * the width 16 that {@code quern train} has by default, and 600 MB for any image at its depth of 4.
 * What the engine keeps for reuse comes on top; a limit of its memory bounds both.
 *
 * <p>Several threads may predict with one segmenter; none while it is closed.
 */
public final class Segmenter implements AutoCloseable {
  /** Longest side of a tile: a multiple of every network's {@link UNet#multiple}. */
  private static final int TILE = 1024;

  private static final String SUPERFLUOUS = "(optimizer|training)\\..*";

  private final Engine engine;
  private final boolean owned;
  private final ChannelStandardization standardization;
  private final Surroundings surroundings;
  private final FoldedUNet network;

  private Segmenter(Engine engine, boolean owned, UNetMetadata metadata, UNet trained) {
    this.engine = engine;
    this.owned = owned;
    this.standardization = new ChannelStandardization(metadata.mean(), metadata.deviation());
    this.surroundings = Surroundings.of(trained);
    this.network = trained.folded();
  }

  /**
   * Reads a checkpoint onto the best device here, as {@link Engine#open()} finds it.
   *
   * @param checkpoint that {@code quern train} wrote
   * @return owns an engine of its own
   * @throws IOException if the file is missing, cannot be read or is no whole safetensors file
   * @throws IllegalArgumentException if it holds another model, or one that is damaged
   */
  public static Segmenter load(Path checkpoint) throws IOException {
    Safetensors content = Safetensors.read(checkpoint);
    Engine engine = Engine.open();
    try {
      return of(engine, true, checkpoint, content);
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /**
   * Reads a checkpoint.
   *
   * @param engine where to predict; it stays open
   * @param checkpoint that {@code quern train} wrote
   * @return owns the network's weights on the engine
   * @throws IOException if the file is missing, cannot be read or is no whole safetensors file
   * @throws IllegalArgumentException if it holds another model, or one that is damaged
   */
  public static Segmenter load(Engine engine, Path checkpoint) throws IOException {
    return of(engine, false, checkpoint, Safetensors.read(checkpoint));
  }

  private static Segmenter of(Engine engine, boolean owned, Path file, Safetensors content) {
    UNetMetadata metadata;
    try {
      metadata = UNetMetadata.of(name -> text(content, name));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s is not a checkpoint of a U-Net that can be used (%s); give one that quern train wrote."
              .formatted(file, e.getMessage()),
          e);
    }
    Map<String, StoredTensor> tensors = new LinkedHashMap<>(content.tensors());
    tensors.keySet().removeIf(name -> name.matches(SUPERFLUOUS));
    tensors.forEach((name, tensor) -> {
      if (!tensor.isFinite()) {
        throw new IllegalArgumentException(
            "%s holds a NaN or an infinity in the tensor %s; use an earlier checkpoint."
                .formatted(file, name));
      }
    });
    try (UNet trained = new UNet(engine, metadata.shape(), 0)) {
      try {
        Weights.load(tensors, trained.parameters());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "The tensors in %s are not those of the U-Net that its metadata tells of: %s"
                .formatted(file, e.getMessage()),
            e);
      }
      return new Segmenter(engine, owned, metadata, trained);
    }
  }

  private static String text(Safetensors content, String name) {
    String text = content.metadata().get(name);
    if (text == null) {
      throw new IllegalArgumentException("its metadata has no entry " + name);
    }
    return text;
  }

  /**
   * Returns how many planes an image has.
   *
   * @return 1 for grey, 3 for red, green and blue
   */
  public int channels() {
    return standardization.channels();
  }

  /**
   * Tells of each pixel how probably it is object.
   *
   * @param image channels x height x width values, as the class says
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @return height x width probabilities, row by row: the sigmoid of the {@link #logits}
   * @throws IllegalArgumentException if the image has another length, naming both
   */
  public float[] predict(float[] image, int height, int width) {
    float[] probabilities = new float[pixels(height, width)];
    predict(MemorySegment.ofArray(image), height, width, MemorySegment.ofArray(probabilities));
    return probabilities;
  }

  /**
   * Tells of each pixel how probably it is object, from and to native memory.
   *
   * @param image channels x height x width F32, in the order of bytes of this machine
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @param probabilities gets height x width F32; may be the image's memory
   * @throws IllegalArgumentException if one has another size, naming both
   */
  public void predict(MemorySegment image, int height, int width, MemorySegment probabilities) {
    run(image, height, width, probabilities, true);
  }

  /**
   * Computes the network's logits: the object's where above 0.
   *
   * @param image channels x height x width values, as the class says
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @return height x width logits, row by row
   * @throws IllegalArgumentException if the image has another length, naming both
   */
  public float[] logits(float[] image, int height, int width) {
    float[] logits = new float[pixels(height, width)];
    logits(MemorySegment.ofArray(image), height, width, MemorySegment.ofArray(logits));
    return logits;
  }

  /**
   * Computes the network's logits, from and to native memory.
   *
   * @param image channels x height x width F32, in the order of bytes of this machine
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @param logits gets height x width F32; may be the image's memory
   * @throws IllegalArgumentException if one has another size, naming both
   */
  public void logits(MemorySegment image, int height, int width, MemorySegment logits) {
    run(image, height, width, logits, false);
  }

  private void run(
      MemorySegment image, int height, int width, MemorySegment result, boolean probabilities) {
    int pixels = pixels(height, width);
    requireSize("An image", image, (long) channels() * pixels, height, width);
    requireSize("A result", result, pixels, height, width);
    var planes = new PlanesInMemory(image, channels(), height, width);
    // a later tile reads around itself what an earlier one must not have overwritten
    boolean apart = image.asOverlappingSlice(result).isEmpty();
    MemorySegment made = apart ? result : MemorySegment.ofArray(new float[pixels]);
    for (int y = 0; y < height; y += TILE) {
      for (int x = 0; x < width; x += TILE) {
        int tileWidth = Math.min(TILE, width - x);
        int tileHeight = Math.min(TILE, height - y);
        float[] tile = tile(planes, x, y, tileWidth, tileHeight, probabilities);
        for (int row = 0; row < tileHeight; row++) {
          long place = (long) (y + row) * width + x;
          MemorySegment.copy(
              tile,
              row * tileWidth,
              made,
              ValueLayout.JAVA_FLOAT_UNALIGNED,
              place * Float.BYTES,
              tileWidth);
        }
      }
    }
    if (!apart) {
      result.copyFrom(made);
    }
  }

  private float[] tile(Planes image, int x, int y, int width, int height, boolean probabilities) {
    Surroundings.Range columns = surroundings.around(x, width, image.width());
    Surroundings.Range rows = surroundings.around(y, height, image.height());
    int pixels = Math.multiplyExact(rows.length(), columns.length());
    float[] input = new float[Math.multiplyExact(channels(), pixels)];
    standardization.read(
        image, columns.from(), rows.from(), columns.length(), rows.length(), input, 0);
    return engine.scoped(() -> {
      Tensor seen = engine.tensor(input, 1, channels(), rows.length(), columns.length());
      Tensor logits = surroundings.cut(network.predict(seen), x, y, width, height);
      return (probabilities ? logits.sigmoid() : logits).toFloatArray();
    });
  }

  private static int pixels(int height, int width) {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "An image has at least one pixel, got height %d and width %d.".formatted(height, width));
    }
    return Math.multiplyExact(height, width);
  }

  private void requireSize(String what, MemorySegment memory, long values, int height, int width) {
    if (memory.byteSize() != values * DType.F32.bytes()) {
      throw new IllegalArgumentException(
          "%s of shape %s has %d values of 4 bytes, got %d bytes."
              .formatted(
                  what,
                  Shape.of(values / ((long) height * width), height, width),
                  values,
                  memory.byteSize()));
    }
  }

  /** Frees the weights, and the engine if it was opened here; idempotent. */
  @Override
  public void close() {
    network.close();
    if (owned) {
      engine.close();
    }
  }
}
