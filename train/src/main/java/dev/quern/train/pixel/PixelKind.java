package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Look;
import dev.quern.train.features.ChannelRange;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.model.ModelKind;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/** The kind of the pixel model. */
public final class PixelKind implements ModelKind {

  /** The one there is. */
  public static final PixelKind PIXEL = new PixelKind();

  private PixelKind() {}

  @Override
  public String name() {
    return PixelModel.KIND;
  }

  @Override
  public String title() {
    return "Pixel model";
  }

  @Override
  public SegmentationModel untrained(
      Engine engine, RunConfig config, TrainingData data, Prefetch prefetch) {
    List<ChannelRange> ranges = ranges(data.look().looks().values());
    PixelBatches raw =
        new PixelBatches(prefetch, data.split().train(), new FeatureExtractor(ranges), config);
    return new PixelModel(engine, ranges, raw.standardization());
  }

  /**
   * The channels of the model, as many as the training image with most has. Files of more than 8
   * bits are stretched to the range of all training images.
   */
  private static List<ChannelRange> ranges(Collection<Look> looks) {
    int channels = 1;
    boolean deep = false;
    for (Look look : looks) {
      channels = Math.max(channels, look.channels());
      deep |= look.bits() > 8;
    }
    if (!deep) {
      return Collections.nCopies(channels, ChannelRange.UNIT);
    }
    float[] low = new float[channels];
    float[] high = new float[channels];
    Arrays.fill(low, Float.POSITIVE_INFINITY);
    Arrays.fill(high, Float.NEGATIVE_INFINITY);
    for (Look look : looks) {
      for (int c = 0; c < channels; c++) {
        low[c] = Math.min(low[c], look.low()[Math.min(c, look.channels() - 1)]);
        high[c] = Math.max(high[c], look.high()[Math.min(c, look.channels() - 1)]);
      }
    }
    List<ChannelRange> ranges = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      ranges.add(new ChannelRange(low[c], high[c]));
    }
    return ranges;
  }

  @Override
  public SegmentationModel load(Engine engine, Checkpoint checkpoint) {
    return PixelModel.load(engine, checkpoint);
  }
}
