package dev.quern.train.unet;

import dev.quern.Engine;
import dev.quern.nn.unet.UNet;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Look;
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
    return new UNetModel(
        engine,
        new UNet.Shape(settings.width(), settings.depth(), channels, 1),
        NetworkInput.of(data.split().train(), channels),
        config.seed());
  }

  @Override
  public SegmentationModel load(Engine engine, Checkpoint checkpoint) {
    return UNetModel.load(engine, checkpoint);
  }
}
