package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.op.MatMul;
import dev.quern.op.Sum;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Dataset;
import dev.quern.train.features.ChannelRange;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.Standardization;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.run.RunConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer on the standardised features of a pixel: {@code logit = features * weight + bias}.
 * Weight and bias start at zero, so nothing about the model is drawn by chance.
 *
 * <p>Parameters: {@code linear.weight} (1, features) and {@code linear.bias} (1), as a linear layer
 * has them elsewhere. Buffers: {@code features.mean} and {@code features.std} per feature, {@code
 * input.low} and {@code input.high} per channel.
 */
final class PixelModel implements SegmentationModel {

  static final String KIND = "pixel";

  private static final String WEIGHT = "linear.weight";
  private static final String BIAS = "linear.bias";
  private static final String MEAN = "features.mean";
  private static final String STD = "features.std";
  private static final String LOW = "input.low";
  private static final String HIGH = "input.high";

  private final Engine engine;
  private final FeatureExtractor extractor;
  private final Standardization standardization;
  private final ParameterStore parameters;
  private @Nullable Tensor input;

  /** A model that has learnt nothing: every probability is one half. */
  PixelModel(Engine engine, List<ChannelRange> ranges, Standardization standardization) {
    this.engine = engine;
    this.extractor = new FeatureExtractor(ranges).standardised(standardization);
    this.standardization = standardization;
    int features = extractor.size();
    float[] low = new float[ranges.size()];
    float[] high = new float[ranges.size()];
    for (int c = 0; c < low.length; c++) {
      low[c] = ranges.get(c).low();
      high[c] = ranges.get(c).high();
    }
    this.parameters =
        ParameterStore.builder(engine)
            .add(WEIGHT, new float[features], 1, features)
            .add(BIAS, new float[1], 1)
            .addBuffer(MEAN, standardization.mean(), features)
            .addBuffer(STD, standardization.std(), features)
            .addBuffer(LOW, low, low.length)
            .addBuffer(HIGH, high, high.length)
            .build();
  }

  /** The model of a checkpoint. */
  static PixelModel load(Engine engine, Checkpoint checkpoint) {
    return checkpoint.understand(
        KIND,
        () -> {
          requireUsable(checkpoint);
          PixelModel model =
              new PixelModel(
                  engine,
                  ranges(checkpoint),
                  new Standardization(
                      checkpoint.tensor(MEAN).floats(), checkpoint.tensor(STD).floats()));
          try {
            checkpoint.copyTo(model.parameters);
            return model;
          } catch (RuntimeException e) {
            model.close();
            throw e;
          }
        });
  }

  private static void requireUsable(Checkpoint checkpoint) {
    if (!checkpoint.text("model").equals(KIND)) {
      throw new IllegalStateException("it holds a model of kind " + checkpoint.text("model"));
    }
    if (Integer.parseInt(checkpoint.text("feature_version")) != FeatureExtractor.VERSION) {
      throw new IllegalStateException(
          "its features are of version %s, this program computes version %d"
              .formatted(checkpoint.text("feature_version"), FeatureExtractor.VERSION));
    }
    int channels = Integer.parseInt(checkpoint.text("channels"));
    if (channels < 1 || channels > FeatureExtractor.MOST_CHANNELS) {
      throw new IllegalStateException(
          "its images have %d channels, not 1 to %d"
              .formatted(channels, FeatureExtractor.MOST_CHANNELS));
    }
    int size = new FeatureExtractor(channels).size();
    for (String name : List.of(WEIGHT, MEAN, STD)) {
      int values = checkpoint.tensor(name).floats().length;
      if (values != size) {
        throw new IllegalStateException(
            "%s has %d values for %d features".formatted(name, values, size));
      }
    }
    if (ranges(checkpoint).size() != channels) {
      throw new IllegalStateException(
          "it has %d input ranges for %d channels".formatted(ranges(checkpoint).size(), channels));
    }
    for (float std : checkpoint.tensor(STD).floats()) {
      if (std <= 0) {
        throw new IllegalStateException("%s holds %s, which is not above 0".formatted(STD, std));
      }
    }
  }

  private static List<ChannelRange> ranges(Checkpoint checkpoint) {
    float[] low = checkpoint.tensor(LOW).floats();
    float[] high = checkpoint.tensor(HIGH).floats();
    if (low.length != high.length) {
      throw new IllegalStateException(
          "%s has %d values, %s %d".formatted(LOW, low.length, HIGH, high.length));
    }
    List<ChannelRange> ranges = new ArrayList<>();
    for (int c = 0; c < low.length; c++) {
      ranges.add(new ChannelRange(low[c], high[c]));
    }
    return ranges;
  }

  @Override
  public ParameterStore parameters() {
    return parameters;
  }

  @Override
  public Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("model", KIND);
    metadata.put("feature_version", String.valueOf(FeatureExtractor.VERSION));
    metadata.put("channels", String.valueOf(extractor.channels()));
    return metadata;
  }

  @Override
  public Tensor logits(Piece piece) {
    return logits(piece.input(engine));
  }

  /** Of features (pixels, features): (pixels, 1). */
  private Tensor logits(Tensor features) {
    return features
        .matmul(column(parameters.parameter(WEIGHT)))
        .addBroadcast(parameters.parameter(BIAS), 1);
  }

  /** A view of the weight, or of its gradient, of shape (features, 1). */
  private Tensor column(Tensor weight) {
    return weight.reshape(extractor.size(), 1);
  }

  @Override
  public Tensor forward(Tensor features) {
    input = features;
    return logits(features);
  }

  @Override
  public void backward(Tensor gradient) {
    Tensor features = Objects.requireNonNull(input, "forward comes first");
    Tensor weight = column(parameters.gradient(WEIGHT));
    engine.apply(new MatMul(true, false), List.of(features, gradient), List.of(weight));
    engine.apply(new Sum(), List.of(gradient), List.of(parameters.gradient(BIAS)));
    input = null;
  }

  @Override
  public SegmentationModel sibling() {
    return new PixelModel(engine, extractor.ranges(), standardization);
  }

  @Override
  public BatchSource batches(Dataset images, RunConfig config, Prefetch prefetch) {
    return new PixelBatches(prefetch, images, extractor, config);
  }

  @Override
  public PieceSource pieces(Prefetch prefetch) {
    return new PixelPieces(prefetch, extractor);
  }

  @Override
  public void close() {
    parameters.close();
  }
}
