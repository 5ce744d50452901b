package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.optim.Adam;
import dev.quern.optim.Optimizer;
import dev.quern.optim.Sgd;
import dev.quern.train.BadInputException;
import dev.quern.train.checkpoint.Safetensors;
import dev.quern.train.checkpoint.StoredTensor;
import dev.quern.train.features.ChannelRange;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.Standardization;
import dev.quern.train.run.LearningRateSchedule;
import dev.quern.train.run.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A pixel model on disk. Tensors: {@code linear.weight} (1, features) and {@code linear.bias} (1),
 * as a linear layer has them elsewhere; {@code features.mean} and {@code features.std}; {@code
 * input.low} and {@code input.high} per channel; and for both parameters {@code
 * optimizer.NAME.step}, of Adam {@code .exp_avg} and {@code .exp_avg_sq}, of gradient descent with
 * momentum {@code .momentum_buffer}. Where a moving average of the weights is kept, the parameters
 * are that average and {@code optimizer.NAME.weight} is what training goes on with. Metadata:
 * model, feature version, channels, epoch, best IoU, scheduler state. The same training gives the
 * same bytes.
 */
final class PixelCheckpoint {

  private static final List<String> PARAMETERS = List.of(PixelModel.WEIGHT, PixelModel.BIAS);

  private final Path file;
  private final Safetensors content;

  private PixelCheckpoint(Path file, Safetensors content) {
    this.file = file;
    this.content = content;
  }

  /** Writes or replaces a checkpoint. */
  static void write(
      Path file,
      PixelModel model,
      Optimizer<?> optimizer,
      LearningRateSchedule schedule,
      int epoch,
      double bestIou) {
    int features = model.extractor().size();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (String name : PARAMETERS) {
      Shape shape = name.equals(PixelModel.WEIGHT) ? Shape.of(1, features) : Shape.of(1);
      Tensor weight = model.parameters().parameter(name);
      tensors.put(name, stored(shape, optimizer.hasEma() ? optimizer.ema(name) : weight));
      if (optimizer.hasEma()) {
        tensors.put("optimizer." + name + ".weight", stored(shape, weight));
      }
      state(optimizer, name)
          .forEach(
              (key, tensor) -> tensors.put("optimizer." + name + "." + key, stored(shape, tensor)));
    }
    long[] steps = optimizer.steps();
    for (int i = 0; i < steps.length; i++) {
      tensors.put(
          "optimizer." + PARAMETERS.get(i) + ".step",
          StoredTensor.of(Shape.of(1), new long[] {steps[i]}));
    }
    Shape perFeature = Shape.of(features);
    tensors.put("features.mean", StoredTensor.of(perFeature, model.standardization().mean()));
    tensors.put("features.std", StoredTensor.of(perFeature, model.standardization().std()));
    List<ChannelRange> ranges = model.extractor().ranges();
    float[] low = new float[ranges.size()];
    float[] high = new float[ranges.size()];
    for (int c = 0; c < low.length; c++) {
      low[c] = ranges.get(c).low();
      high[c] = ranges.get(c).high();
    }
    tensors.put("input.low", StoredTensor.of(Shape.of(low.length), low));
    tensors.put("input.high", StoredTensor.of(Shape.of(high.length), high));
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("model", "pixel");
    metadata.put("feature_version", String.valueOf(FeatureExtractor.VERSION));
    metadata.put("channels", String.valueOf(model.extractor().channels()));
    metadata.put("epoch", String.valueOf(epoch));
    metadata.put("best_val_iou", String.valueOf(bestIou));
    metadata.put("scheduler", schedule.toJson().toString());
    new Safetensors(tensors, metadata).write(file);
  }

  /**
   * What an optimizer remembers of a parameter besides its step, by the name it is stored under.
   */
  private static Map<String, Tensor> state(Optimizer<?> optimizer, String name) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    switch (optimizer) {
      case Adam adam -> {
        state.put("exp_avg", adam.expAvg(name));
        state.put("exp_avg_sq", adam.expAvgSq(name));
      }
      case Sgd sgd -> {
        if (sgd.groups().getFirst().options().momentum() > 0) {
          state.put("momentum_buffer", sgd.momentumBuffer(name));
        }
      }
    }
    return state;
  }

  private static StoredTensor stored(Shape shape, Tensor tensor) {
    return StoredTensor.of(shape, tensor.toFloatArray());
  }

  /**
   * Reads a checkpoint.
   *
   * @throws BadInputException when it is damaged, of another model or of a training that diverged
   */
  static PixelCheckpoint read(Path file) {
    PixelCheckpoint checkpoint = new PixelCheckpoint(file, Safetensors.read(file));
    checkpoint.understand(checkpoint::checked);
    checkpoint.requireFinite();
    return checkpoint;
  }

  private void requireFinite() {
    content
        .tensors()
        .forEach((name, tensor) -> {
          if (!tensor.isFinite()) {
            throw new BadInputException(
                "%s holds a NaN or an infinity in the tensor %s, because training had diverged when it"
                        .formatted(file, name)
                    + " was written; use an earlier checkpoint, or train anew with a lower --lr.");
          }
        });
  }

  private PixelCheckpoint checked() {
    if (!content.text("model").equals("pixel")) {
      throw new IllegalStateException("it holds a model of kind " + content.text("model"));
    }
    if (Integer.parseInt(content.text("feature_version")) != FeatureExtractor.VERSION) {
      throw new IllegalStateException(
          "its features are of version %s, this program computes version %d"
              .formatted(content.text("feature_version"), FeatureExtractor.VERSION));
    }
    int channels = Integer.parseInt(content.text("channels"));
    if (channels < 1 || channels > FeatureExtractor.MOST_CHANNELS) {
      throw new IllegalStateException(
          "its images have %d channels, not 1 to %d"
              .formatted(channels, FeatureExtractor.MOST_CHANNELS));
    }
    int size = new FeatureExtractor(channels).size();
    for (String name : List.of(PixelModel.WEIGHT, "features.mean", "features.std")) {
      if (content.tensor(name).floats().length != size) {
        throw new IllegalStateException(
            "%s has %d values for %d features"
                .formatted(name, content.tensor(name).floats().length, size));
      }
    }
    if (ranges().size() != channels) {
      throw new IllegalStateException(
          "it has %d input ranges for %d channels".formatted(ranges().size(), channels));
    }
    if (content.tensor(PixelModel.BIAS).floats().length != 1) {
      throw new IllegalStateException("its bias is not one value");
    }
    for (float std : content.tensor("features.std").floats()) {
      if (std <= 0) {
        throw new IllegalStateException(
            "features.std holds %s, which is not above 0".formatted(std));
      }
    }
    return this;
  }

  private List<ChannelRange> ranges() {
    float[] low = content.tensor("input.low").floats();
    float[] high = content.tensor("input.high").floats();
    if (low.length != high.length) {
      throw new IllegalStateException(
          "input.low has %d values, input.high %d".formatted(low.length, high.length));
    }
    List<ChannelRange> ranges = new ArrayList<>();
    for (int c = 0; c < low.length; c++) {
      ranges.add(new ChannelRange(low[c], high[c]));
    }
    return ranges;
  }

  /** The model as it was saved. */
  PixelModel model(Engine engine) {
    return new PixelModel(
        engine,
        ranges(),
        new Standardization(
            content.tensor("features.mean").floats(), content.tensor("features.std").floats()),
        content.tensor(PixelModel.WEIGHT).floats(),
        content.tensor(PixelModel.BIAS).floats());
  }

  /**
   * Puts the optimizer, and the weights it goes on with, where they were, or changes nothing.
   *
   * @throws BadInputException when the checkpoint lacks something of this optimizer
   */
  void restore(PixelModel model, Optimizer<?> optimizer) {
    Map<Tensor, float[]> values = new LinkedHashMap<>();
    long[] steps = new long[PARAMETERS.size()];
    understand(() -> {
      for (int i = 0; i < steps.length; i++) {
        String name = PARAMETERS.get(i);
        String prefix = "optimizer." + name + ".";
        if (optimizer.hasEma()) {
          values.put(optimizer.ema(name), floats(name, optimizer.ema(name)));
          Tensor weight = model.parameters().parameter(name);
          values.put(weight, floats(prefix + "weight", weight));
        }
        state(optimizer, name)
            .forEach((key, tensor) -> values.put(tensor, floats(prefix + key, tensor)));
        steps[i] = step(prefix + "step");
      }
      return steps;
    });
    values.forEach(Tensor::copyFrom);
    optimizer.setSteps(steps);
  }

  private float[] floats(String name, Tensor target) {
    float[] values = content.tensor(name).floats();
    if (values.length != target.shape().elements()) {
      throw new IllegalStateException(
          "%s has %d values in place of %d"
              .formatted(name, values.length, target.shape().elements()));
    }
    return values;
  }

  private long step(String name) {
    long step = content.tensor(name).longs()[0];
    if (step < 0) {
      throw new IllegalStateException("%s is %d".formatted(name, step));
    }
    return step;
  }

  /** Epochs done. */
  int epoch() {
    return understand(() -> {
      int epoch = Integer.parseInt(content.text("epoch"));
      if (epoch < 1) {
        throw new IllegalStateException("its epoch is %d".formatted(epoch));
      }
      return epoch;
    });
  }

  /** The best validation IoU up to this epoch. */
  double bestIou() {
    return understand(() -> {
      double best = Double.parseDouble(content.text("best_val_iou"));
      if (!Double.isFinite(best)) {
        throw new IllegalStateException("its best_val_iou is %s".formatted(best));
      }
      return best;
    });
  }

  /** The schedule as it was after this epoch. */
  LearningRateSchedule schedule(RunConfig config) {
    return understand(() ->
        LearningRateSchedule.resume(
            config.scheduler(),
            config.optimizer().lr(),
            JsonMapper.shared().readTree(content.text("scheduler"))));
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read();
  }

  private <T> T understand(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IllegalStateException
        | IllegalArgumentException
        | IndexOutOfBoundsException
        | JacksonException e) {
      throw new BadInputException(
          "%s is not a usable checkpoint of the pixel model (%s); use another one or train anew."
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
