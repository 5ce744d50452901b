package dev.quern.nn.segmenter;

import dev.quern.nn.unet.UNet;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What a checkpoint says of its U-Net: {@code model} is {@code unet}; {@code width}, {@code depth},
 * {@code channels} and {@code classes} are whole numbers; {@code input_mean} and {@code input_std}
 * have a number for each channel, with commas between.
 *
 * @param shape of one class
 * @param mean of each channel of the images it was trained on
 * @param deviation of each channel, above 0
 */
public record UNetMetadata(UNet.Shape shape, List<Float> mean, List<Float> deviation) {

  /** The kind of model. */
  public static final String KIND = "unet";

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException with half a sentence if the network has several classes, or
   *     there is not a finite number for each channel, of deviations above 0
   */
  public UNetMetadata {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (shape.classes() != 1) {
      throw new IllegalArgumentException(
          "it has %d classes, and models of one are used".formatted(shape.classes()));
    }
    requireEach("input_mean", mean, shape.inputChannels());
    requireEach("input_std", deviation, shape.inputChannels());
    if (deviation.stream().anyMatch(d -> d <= 0)) {
      throw new IllegalArgumentException("its input_std is not above 0");
    }
  }

  private static void requireEach(String name, List<Float> numbers, int channels) {
    if (numbers.size() != channels || numbers.stream().anyMatch(f -> !Float.isFinite(f))) {
      throw new IllegalArgumentException(
          "its %s is %s for %d channels".formatted(name, numbers, channels));
    }
  }

  /**
   * Reads what a checkpoint says.
   *
   * @param texts gives the text of a name, and throws if there is none
   * @return what it says
   * @throws IllegalArgumentException with half a sentence if it is another kind of model, or a text
   *     is not as it should be
   */
  public static UNetMetadata of(UnaryOperator<String> texts) {
    String model = texts.apply("model");
    if (!model.equals(KIND)) {
      throw new IllegalArgumentException("it holds a model of kind " + model);
    }
    return new UNetMetadata(
        new UNet.Shape(
            number(texts, "width"),
            number(texts, "depth"),
            number(texts, "channels"),
            number(texts, "classes")),
        numbers(texts, "input_mean"),
        numbers(texts, "input_std"));
  }

  private static int number(UnaryOperator<String> texts, String name) {
    return Integer.parseInt(texts.apply(name));
  }

  private static List<Float> numbers(UnaryOperator<String> texts, String name) {
    return Arrays.stream(texts.apply(name).split(",", -1)).map(Float::valueOf).toList();
  }

  /**
   * What a checkpoint is to say.
   *
   * @return texts by name, in the order of the file
   */
  public Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("model", KIND);
    texts.put("width", String.valueOf(shape.width()));
    texts.put("depth", String.valueOf(shape.depth()));
    texts.put("channels", String.valueOf(shape.inputChannels()));
    texts.put("classes", String.valueOf(shape.classes()));
    texts.put("input_mean", joined(mean));
    texts.put("input_std", joined(deviation));
    return texts;
  }

  private static String joined(List<Float> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
