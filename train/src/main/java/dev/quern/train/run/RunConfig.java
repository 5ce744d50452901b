package dev.quern.train.run;

import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.message.BadInputException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that decides what a run computes, as {@code config.json} holds it.
 *
 * @param model name of the model, {@code unet} or {@code pixel}
 * @param backend as given on the command line; null for the automatic choice
 * @param data where images and masks come from
 * @param epochs passes over the training set
 * @param batchSize images per step
 * @param pixelsPerImage pixels drawn from each image in a step, of the pixel model
 * @param network of the U-Net; null of other models
 * @param loss what is minimised, as given on the command line
 * @param optimizer how weights follow from gradients
 * @param scheduler how the learning rate changes
 * @param seed of everything drawn
 */
public record RunConfig(
    String model,
    @Nullable String backend,
    DataConfig data,
    int epochs,
    int batchSize,
    int pixelsPerImage,
    @Nullable UNetConfig network,
    String loss,
    OptimizerConfig optimizer,
    SchedulerConfig scheduler,
    long seed) {

  /**
   * The same run with another number of epochs.
   *
   * @param newEpochs passes over the training set
   * @return a copy
   */
  public RunConfig withEpochs(int newEpochs) {
    return new RunConfig(
        model,
        backend,
        data,
        newEpochs,
        batchSize,
        pixelsPerImage,
        network,
        loss,
        optimizer,
        scheduler,
        seed);
  }

  /**
   * The same run with its images elsewhere, or better known.
   *
   * @param newData where they are
   * @return a copy
   */
  public RunConfig withData(DataConfig newData) {
    return new RunConfig(
        model,
        backend,
        newData,
        epochs,
        batchSize,
        pixelsPerImage,
        network,
        loss,
        optimizer,
        scheduler,
        seed);
  }

  /**
   * The same run on another backend.
   *
   * @param newBackend its name
   * @return a copy
   */
  public RunConfig withBackend(String newBackend) {
    return new RunConfig(
        model,
        newBackend,
        data,
        epochs,
        batchSize,
        pixelsPerImage,
        network,
        loss,
        optimizer,
        scheduler,
        seed);
  }

  /**
   * The settings of a U-Net.
   *
   * @return what it is like
   * @throws IllegalStateException if the model is another
   */
  public UNetConfig unet() {
    if (network == null) {
      throw new IllegalStateException("A run of the model " + model + " has no network.");
    }
    return network;
  }

  /**
   * How predictions are counted: where masks have void pixels these do not count.
   *
   * @return of logits, at probability 0.5
   */
  public BinaryConfusionOptions metric() {
    boolean voids = data.reading().ignoreValue() != null;
    return new BinaryConfusionOptions()
        .withIgnoreIndex(voids ? Byte.toUnsignedInt(Mask.VOID) : null);
  }

  /**
   * Name and value of every setting, for people.
   *
   * @return in the order of {@code config.json}
   */
  public Map<String, String> describe() {
    Map<String, String> settings = new LinkedHashMap<>();
    describe("", toJson(), settings);
    return settings;
  }

  private static void describe(String prefix, JsonNode node, Map<String, String> settings) {
    for (Map.Entry<String, JsonNode> property : node.properties()) {
      if (property.getValue().isObject()) {
        describe(prefix + property.getKey() + ".", property.getValue(), settings);
      } else {
        settings.put(prefix + property.getKey(), property.getValue().asString("-"));
      }
    }
  }

  /**
   * The content of {@code config.json}.
   *
   * @return a JSON object
   */
  public ObjectNode toJson() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("model", model);
    root.put("backend", backend);
    data.toJson(root.putObject("data"));
    root.put("epochs", epochs);
    root.put("batchSize", batchSize);
    root.put("pixelsPerImage", pixelsPerImage);
    if (network != null) {
      network.toJson(root.putObject("network"));
    }
    root.put("loss", loss);
    optimizer.toJson(root.putObject("optimizer"));
    scheduler.toJson(root.putObject("scheduler"));
    root.put("seed", seed);
    return root;
  }

  /**
   * Reads the content of {@code config.json}.
   *
   * @param text a JSON object as {@link #toJson} makes it
   * @return the configuration
   * @throws BadInputException when something is missing or of another type
   */
  public static RunConfig parse(String text) {
    try {
      JsonNode root = JsonMapper.shared().readTree(text);
      return new RunConfig(
          root.required("model").asString(),
          DataConfig.text(root, "backend"),
          DataConfig.parse(root.required("data")),
          root.required("epochs").asInt(),
          root.required("batchSize").asInt(),
          root.required("pixelsPerImage").asInt(),
          root.required("model").asString().equals("unet")
              ? UNetConfig.parse(root.required("network"))
              : null,
          root.required("loss").asString(),
          OptimizerConfig.parse(root.required("optimizer")),
          SchedulerConfig.parse(root.required("scheduler")),
          root.required("seed").asLong());
    } catch (JacksonException | IllegalArgumentException e) {
      throw new BadInputException(
          "The run's config.json is damaged (%s); start a new run."
              .formatted(String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }
}
