package dev.quern.nn.unet;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.nn.layer.Convolution2d;
import dev.quern.nn.layer.ConvolutionBlock;
import dev.quern.nn.layer.FoldedConvolution;
import dev.quern.nn.layer.Layer;
import dev.quern.nn.layer.Parameters;
import dev.quern.nn.layer.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * The U-Net of Ronneberger, Fischer and Brox 2015, in today's form: on each level two 3 x 3
 * convolutions with padding, batch normalization and ReLU; max pooling by 2 on the way down,
 * bilinear upsampling by 2 and concatenation (the skip first) on the way up; a 1 x 1 convolution
 * with bias at the end. Level L has width * 2^L channels.
 *
 * <p>Parameters are named as a PyTorch network of sequences names them: {@code down.L.0.weight}
 * (convolution), {@code down.L.1.*} (normalization), {@code down.L.3.weight}, {@code down.L.4.*};
 * {@code up.L.*} alike for the layers that end on level L; {@code head.weight}, {@code head.bias}.
 */
public final class UNet implements Layer, AutoCloseable {
  /** Pixels on each side that the two convolutions of a level see. */
  private static final int CONVOLVED = 2;

  private final ParameterStore store;
  private final Shape shape;
  private final List<List<ConvolutionBlock>> down = new ArrayList<>();
  private final List<List<ConvolutionBlock>> up = new ArrayList<>();
  private final Convolution2d head;
  private final UNetPath path;

  /**
   * What a U-Net is like.
   *
   * @param width channels of the highest level, at least 1
   * @param depth levels with the lowest, from 1 to 8
   * @param inputChannels channels of an image, at least 1
   * @param classes logits of a pixel, at least 1
   */
  public record Shape(int width, int depth, int inputChannels, int classes) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Shape {
      if (width < 1 || inputChannels < 1 || classes < 1 || depth < 1 || depth > 8) {
        throw new IllegalArgumentException(
            "A U-Net has a width, input channels and classes from 1 and a depth from 1 to 8, got %d, %d, %d and %d."
                .formatted(width, inputChannels, classes, depth));
      }
    }

    int channels(int level) {
      return Math.multiplyExact(width, 1 << level);
    }
  }

  /**
   * Makes a network that has learnt nothing: weights by He et al. 2015 from Philox, the same on
   * every backend.
   *
   * @param engine where it lives
   * @param shape what it is like
   * @param seed of the weights
   */
  public UNet(Engine engine, Shape shape, long seed) {
    var parameters = new Parameters(engine, seed);
    this.shape = shape;
    for (int level = 0; level < shape.depth(); level++) {
      int inputs = level == 0 ? shape.inputChannels() : shape.channels(level - 1);
      down.add(blocks(parameters.child("down").child("" + level), inputs, shape.channels(level)));
    }
    for (int level = 0; level < shape.depth() - 1; level++) {
      int inputs = shape.channels(level) + shape.channels(level + 1);
      up.add(blocks(parameters.child("up").child("" + level), inputs, shape.channels(level)));
    }
    this.head =
        Convolution2d.same(parameters.child("head"), shape.width(), shape.classes(), 1, true);
    this.store = parameters.build();
    this.path = new UNetPath(shape.inputChannels(), sequences(down), sequences(up), head);
  }

  private static List<ConvolutionBlock> blocks(Parameters level, int inputs, int outputs) {
    return List.of(
        new ConvolutionBlock(level.child("0"), level.child("1"), inputs, outputs),
        new ConvolutionBlock(level.child("3"), level.child("4"), outputs, outputs));
  }

  private static List<Layer> sequences(List<List<ConvolutionBlock>> levels) {
    return levels.stream()
        .map(blocks -> (Layer) new Sequential(blocks.toArray(Layer[]::new)))
        .toList();
  }

  /**
   * Returns what the network learns.
   *
   * @return parameters and running statistics, owned by the network
   */
  public ParameterStore parameters() {
    return store;
  }

  /**
   * Returns what the network is like.
   *
   * @return width, depth, channels and classes
   */
  public Shape shape() {
    return shape;
  }

  /**
   * Tells which sizes of images it takes.
   *
   * @return rows and columns are multiples of it: 2^(depth - 1)
   */
  public int multiple() {
    return path.multiple();
  }

  /**
   * Tells how far a logit sees.
   *
   * @return pixels on each side beyond which nothing of the image changes it
   */
  public int radius() {
    long radius = 0;
    for (long x = 0; x < multiple(); x++) {
      // the range of pixels that a logit at x depends on, level by level down and up again
      long low = x;
      long high = x;
      for (int level = 0; level < shape.depth() - 1; level++) {
        low = Math.floorDiv(low - CONVOLVED - 1, 2);
        high = Math.floorDiv(high + CONVOLVED + 1, 2);
      }
      low -= CONVOLVED;
      high += CONVOLVED;
      for (int level = 0; level < shape.depth() - 1; level++) {
        low = 2 * low - CONVOLVED;
        high = 2 * high + 1 + CONVOLVED;
      }
      radius = Math.max(radius, Math.max(x - low, high - x));
    }
    return Math.toIntExact(radius);
  }

  /**
   * Computes logits by the statistics of the batch, and moves the running ones.
   *
   * @param x F32 (N, channels, H, W), H and W multiples of {@link #multiple}
   * @return (N, classes, H, W), CONTIGUOUS
   */
  @Override
  public Tensor forward(Tensor x) {
    return path.forward(x);
  }

  /**
   * Computes logits by the running statistics; {@link #folded} does so faster.
   *
   * @param x F32 (N, channels, H, W), H and W multiples of {@link #multiple}
   * @return (N, classes, H, W), CONTIGUOUS
   */
  @Override
  public Tensor predict(Tensor x) {
    return path.predict(x);
  }

  /**
   * Makes a network for prediction of the weights as they are now, with all normalizations folded
   * into the convolutions.
   *
   * @return owns tensors of its own; several threads may use it
   */
  public FoldedUNet folded() {
    var convolutions = new ArrayList<FoldedConvolution>();
    List<Layer> lower = folded(down, convolutions);
    List<Layer> upper = folded(up, convolutions);
    FoldedConvolution last = head.folded();
    convolutions.add(last);
    return new FoldedUNet(new UNetPath(shape.inputChannels(), lower, upper, last), convolutions);
  }

  private static List<Layer> folded(
      List<List<ConvolutionBlock>> levels, List<FoldedConvolution> all) {
    var layers = new ArrayList<Layer>();
    for (List<ConvolutionBlock> blocks : levels) {
      List<FoldedConvolution> each = blocks.stream().map(ConvolutionBlock::folded).toList();
      all.addAll(each);
      layers.add(new Sequential(each.toArray(Layer[]::new)));
    }
    return layers;
  }

  /** Frees the parameters. */
  @Override
  public void close() {
    store.close();
  }
}
