package dev.quern.train.unet;

import dev.quern.ParameterStore;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.SafetensorsFormatException;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Parameters and running statistics to start from, under their names in PyTorch.
 *
 * @param file that they are from
 * @param tensors by name
 */
record GivenWeights(String file, Map<String, StoredTensor> tensors) {

  GivenWeights {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors)); // in their order
  }

  /**
   * Reads a file; of a checkpoint, only the weights that it predicts with.
   *
   * @throws BadInputException when it cannot be read or holds numbers that are none
   */
  static GivenWeights read(String file) {
    Map<String, StoredTensor> weights = new LinkedHashMap<>();
    content(file)
        .tensors()
        .forEach((name, tensor) -> {
          if (Checkpoint.isOfTraining(name)) {
            return;
          }
          if (!tensor.isFinite()) {
            throw new BadInputException(
                "--weights %s holds a NaN or an infinity in the tensor %s; give other weights."
                    .formatted(file, name));
          }
          weights.put(name, tensor);
        });
    return new GivenWeights(file, weights);
  }

  private static Safetensors content(String file) {
    try {
      return Safetensors.read(Path.of(file));
    } catch (SafetensorsFormatException e) {
      throw new BadInputException(
          "--weights %s is not a whole safetensors file (%s); give another file."
              .formatted(file, e.fault()),
          e);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read --weights %s: %s.".formatted(file, IoReason.of(e)), e);
    }
  }

  /**
   * Puts them into a network.
   *
   * @throws BadInputException when they are of another network
   */
  void load(ParameterStore network) {
    try {
      Weights.load(tensors, network);
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          "--weights %s does not fit --width, --depth and the images' channels: %s"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
