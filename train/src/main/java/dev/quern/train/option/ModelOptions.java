package dev.quern.train.option;

import dev.quern.train.message.BadInputException;
import dev.quern.train.run.UNetConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the model and of how much it sees in a step. */
final class ModelOptions {

  private static final String UNET = "unet";

  @Setting("model")
  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = UNET,
      description = {
        "unet: a convolutional network on crops (default);",
        "pixel: a linear layer on local features of every pixel."
      })
  private String model;

  @Setting("network.width")
  @Option(
      names = "--width",
      paramLabel = "N",
      description = "unet: channels of the highest level (default: 16).")
  private @Nullable Integer width;

  @Setting("network.depth")
  @Option(
      names = "--depth",
      paramLabel = "N",
      description = "unet: levels with the lowest, from 1 to 8 (default: 4).")
  private @Nullable Integer depth;

  @Setting("network.crop")
  @Option(
      names = "--crop",
      paramLabel = "N",
      description = {
        "unet: rows and columns of what is cut from each image in a step, a multiple of",
        "2^(depth - 1) (default: 128); smaller images are reflected at their borders."
      })
  private @Nullable Integer crop;

  @Setting("network.weights")
  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = {
        "unet: start from the parameters and running statistics in this safetensors file,",
        "named as those of the network in PyTorch, or from those of a checkpoint."
      })
  private @Nullable Path weights;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "Passes over the training images (default: unet 36, of folders 60; pixel 20).")
  private @Nullable Integer epochs;

  @Setting("batchSize")
  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Images per step (default: 8; unet on folders 16).")
  private @Nullable Integer batchSize;

  @Setting("pixelsPerImage")
  @Option(
      names = "--pixels",
      paramLabel = "N",
      defaultValue = "4096",
      description = "pixel: drawn from each image in a step (default: ${DEFAULT-VALUE}).")
  private int pixels;

  @SuppressWarnings("NullAway.Init")
  ModelOptions() {}

  String model() {
    return model;
  }

  private boolean isNetwork() {
    return model.equals(UNET);
  }

  /** Checks and returns the passes over the images. */
  int epochs(boolean ofFolders) {
    int byModel = !isNetwork() ? 20 : ofFolders ? 60 : 36;
    return atLeastOne("--epochs", epochs == null ? byModel : epochs);
  }

  /** Checks and returns the images of a step. */
  int batchSize(boolean ofFolders) {
    int byModel = isNetwork() && ofFolders ? 16 : 8;
    return atLeastOne("--batch-size", batchSize == null ? byModel : batchSize);
  }

  /** Checks and returns the pixels of an image in a step. */
  int pixels() {
    return atLeastOne("--pixels", pixels);
  }

  /** The learning rate that suits the model. */
  double learningRate() {
    return isNetwork() ? 3e-3 : 0.05;
  }

  /** Checks and returns what the network is like; null where the model is none. */
  @Nullable UNetConfig network() {
    if (!isNetwork()) {
      String given =
          width != null
              ? "--width"
              : depth != null
                  ? "--depth"
                  : crop != null ? "--crop" : weights != null ? "--weights" : null;
      if (given != null) {
        throw new BadInputException(
            "%s goes with --model unet, but the model is %s.".formatted(given, model));
      }
      return null;
    }
    int levels = depth == null ? 4 : depth;
    if (levels < 1 || levels > 8) {
      throw new BadInputException("--depth is %d; give 1 to 8.".formatted(levels));
    }
    int side = atLeastOne("--crop", crop == null ? 128 : crop);
    int multiple = 1 << (levels - 1);
    if (side % multiple != 0) {
      throw new BadInputException(
          "--crop is %d, but a U-Net of %d levels takes multiples of %d; give %d."
              .formatted(side, levels, multiple, Math.ceilDiv(side, multiple) * multiple));
    }
    if (side == multiple) {
      throw new BadInputException(
          "--crop is %d, of which the lowest of %d levels sees a single pixel, and batch normalization needs more; give %d."
              .formatted(side, levels, 2 * multiple));
    }
    return new UNetConfig(
        atLeastOne("--width", width == null ? 16 : width),
        levels,
        side,
        weights == null ? null : weights.toAbsolutePath().normalize().toString());
  }

  static int atLeastOne(String name, int value) {
    if (value < 1) {
      throw new BadInputException("%s is %d; give at least 1.".formatted(name, value));
    }
    return value;
  }

  /** The epochs that were asked for; null where none were. */
  @Nullable Integer givenEpochs() {
    return epochs == null ? null : atLeastOne("--epochs", epochs);
  }

  /** Checks that a run that goes on is not told to start from other weights. */
  void requireNoWeights() {
    if (weights != null) {
      throw new BadInputException(
          "--weights cannot be given with --resume, which goes on with the run's own; start a new run instead.");
    }
  }
}
