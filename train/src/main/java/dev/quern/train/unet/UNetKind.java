package dev.quern.train.unet;

import dev.quern.Engine;
import dev.quern.nn.segmenter.UNetMetadata;
import dev.quern.nn.unet.UNet;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Look;
import dev.quern.train.message.BadInputException;
import dev.quern.train.model.ModelKind;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.TrainingData;
import dev.quern.train.run.UNetConfig;

/** The kind of the U-Net. */
public final class UNetKind implements ModelKind {

  /** The one there is. */
  public static final UNetKind UNET = new UNetKind();

  private UNetKind() {}

  @Override
  public String name() {
    return UNetModel.KIND;
  }

  @Override
  public String title() {
    return "U-Net";
  }

  @Override
  public SegmentationModel untrained(
      Engine engine, RunConfig config, TrainingData data, Prefetch prefetch) {
    int channels = data.look().looks().values().stream().mapToInt(Look::channels).max().orElse(1);
    UNetConfig settings = config.unet();
    UNet.Shape shape = new UNet.Shape(settings.width(), settings.depth(), channels, 1);
    requireBatch(config.batchSize(), channels, settings.crop());
    String file = settings.weights();
    GivenWeights weights = file == null ? null : GivenWeights.read(file);
    NetworkInput input = NetworkInput.of(data.split().train(), channels, prefetch);
    UNetModel model = new UNetModel(engine, shape, input, config.seed());
    try {
      if (weights != null) {
        weights.load(model.parameters());
      }
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** Checks that a batch has no more values than an array. */
  private static void requireBatch(int images, int channels, int side) {
    if ((double) images * channels * side * side > Integer.MAX_VALUE) {
      throw new BadInputException(
          "A batch of %d crops of %d x %d with %d %s has more than %d values; give a smaller --crop or --batch-size."
              .formatted(
                  images,
                  side,
                  side,
                  channels,
                  channels == 1 ? "channel" : "channels",
                  Integer.MAX_VALUE));
    }
  }

  @Override
  public void requireSame(RunConfig config, Checkpoint checkpoint) {
    UNetConfig settings = config.unet();
    checkpoint.understand(
        UNetModel.KIND,
        () -> {
          UNet.Shape shape = UNetMetadata.of(checkpoint::text).shape();
          if (shape.width() != settings.width() || shape.depth() != settings.depth()) {
            throw new IllegalStateException(
                "it holds a network of width %d and depth %d in place of %d and %d"
                    .formatted(shape.width(), shape.depth(), settings.width(), settings.depth()));
          }
          return shape;
        });
  }

  @Override
  public SegmentationModel load(Engine engine, Checkpoint checkpoint) {
    return UNetModel.load(engine, checkpoint);
  }
}
