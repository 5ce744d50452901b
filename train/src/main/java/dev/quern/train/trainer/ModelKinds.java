package dev.quern.train.trainer;

import dev.quern.Engine;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.message.BadInputException;
import dev.quern.train.model.ModelKind;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.pixel.PixelKind;
import dev.quern.train.unet.UNetKind;
import java.util.List;
import java.util.Optional;

/** The kinds of models that there are. */
public final class ModelKinds {

  private static final List<ModelKind> ALL = List.of(UNetKind.UNET, PixelKind.PIXEL);

  private ModelKinds() {}

  /**
   * Finds a kind.
   *
   * @param name as {@code --model} takes it
   * @return the kind
   * @throws BadInputException when there is none of that name
   */
  public static ModelKind of(String name) {
    return find(name)
        .orElseThrow(() ->
            new BadInputException(
                "--model %s is not known; there are unet and pixel.".formatted(name)));
  }

  /** Makes the model of a checkpoint, of whatever kind it is. */
  static SegmentationModel load(Engine engine, Checkpoint checkpoint) {
    ModelKind kind =
        checkpoint.understand(
            null,
            () -> {
              String name = checkpoint.text("model");
              return find(name)
                  .orElseThrow(() -> new IllegalStateException("it holds a model of kind " + name));
            });
    return kind.load(engine, checkpoint);
  }

  private static Optional<ModelKind> find(String name) {
    return ALL.stream().filter(kind -> kind.name().equals(name)).findFirst();
  }
}
