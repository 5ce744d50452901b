package dev.quern.train.checkpoint;

import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.SafetensorsFormatException;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Path;

/** Safetensors files as checkpoints: what is wrong of them is said with the remedy. */
final class CheckpointFile {

  private CheckpointFile() {}

  /**
   * Reads a file.
   *
   * @throws BadInputException when it is missing, cut off, or breaks a rule of the format
   */
  static Safetensors read(Path file) {
    try {
      return Safetensors.read(file);
    } catch (SafetensorsFormatException e) {
      throw new BadInputException(
          "%s is not a whole safetensors file (%s); use another checkpoint or train anew."
              .formatted(file, e.fault()),
          e);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read the checkpoint %s: %s.".formatted(file, IoReason.of(e)), e);
    }
  }

  /**
   * Looks a tensor up.
   *
   * @throws IllegalStateException with half a sentence when there is none of that name
   */
  static StoredTensor tensor(Safetensors content, String name) {
    StoredTensor tensor = content.tensors().get(name);
    if (tensor == null) {
      throw new IllegalStateException("it holds no tensor named " + name);
    }
    return tensor;
  }

  /**
   * Looks a metadata entry up.
   *
   * @throws IllegalStateException with half a sentence when there is none of that name
   */
  static String text(Safetensors content, String name) {
    String text = content.metadata().get(name);
    if (text == null) {
      throw new IllegalStateException("its metadata has no entry " + name);
    }
    return text;
  }
}
