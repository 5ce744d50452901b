package dev.quern.train.checkpoint;

import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.metric.ConfusionCounts;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.optim.Optimizer;
import dev.quern.train.message.BadInputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model and all that its training needs to go on, as one safetensors file.
 *
 * <ul>
 *   <li>The model's parameters and buffers, under their names. Where a moving average of the
 *       weights is kept, the parameters are that average, which is what is scored and predicts.
 *   <li>{@code optimizer.NAME}, tensors and metadata: the {@link OptimizerState} under its names,
 *       which are PyTorch's, as in {@code optimizer.state.0.exp_avg}; without its {@code ema.I}.
 *   <li>{@code training.NAME}, only where an average is kept: the parameters that training goes on
 *       with.
 *   <li>Metadata: what the model says of itself, {@code epoch}, {@code best_val_iou}, {@code
 *       scheduler}; of a training that was stopped inside an epoch {@code begun_epoch}.
 * </ul>
 *
 * The same training gives the same bytes. Files from before the optimizer's state was in PyTorch's
 * layout are read too.
 */
public final class Checkpoint {

  private static final String OPTIMIZER = "optimizer.";
  private static final String TRAINING = "training.";

  private final Path file;
  private final Safetensors content;

  private Checkpoint(Path file, Safetensors content) {
    this.file = file;
    this.content = content;
  }

  /**
   * How far a training is.
   *
   * @param epoch epochs done, at least 1 unless one is begun
   * @param bestIou the best validation IoU so far, -1 before the first
   * @param schedule the state of the learning rate's schedule after this epoch, as JSON
   * @param begun what is done of the next epoch; null if none of it
   */
  public record Progress(int epoch, double bestIou, String schedule, @Nullable Begun begun) {}

  /**
   * The beginning of an epoch.
   *
   * @param steps done
   * @param loss the sum of theirs
   * @param counts of their predictions
   * @param seconds that they took
   */
  public record Begun(int steps, double loss, ConfusionCounts counts, double seconds) {
    private static final String NAME = "begun_epoch";

    /**
     * The same with another time.
     *
     * @param newSeconds that the steps took
     * @return a copy
     */
    public Begun after(double newSeconds) {
      return new Begun(steps, loss, counts, newSeconds);
    }

    private void put(Map<String, String> texts) {
      texts.put(
          NAME,
          Stream.of(
                  steps,
                  loss,
                  counts.trueNegatives(),
                  counts.falsePositives(),
                  counts.falseNegatives(),
                  counts.truePositives(),
                  seconds)
              .map(String::valueOf)
              .collect(Collectors.joining(",")));
    }

    private static @Nullable Begun in(Map<String, String> texts) {
      String text = texts.get(NAME);
      if (text == null) {
        return null;
      }
      String[] parts = text.split(",", -1);
      if (parts.length != 7) {
        throw new IllegalStateException("its %s is %s".formatted(NAME, text));
      }
      var counts =
          new ConfusionCounts(
              Long.parseLong(parts[2]),
              Long.parseLong(parts[3]),
              Long.parseLong(parts[4]),
              Long.parseLong(parts[5]));
      var begun =
          new Begun(
              Integer.parseInt(parts[0]),
              Double.parseDouble(parts[1]),
              counts,
              Double.parseDouble(parts[6]));
      if (begun.steps < 0 || !Double.isFinite(begun.loss) || !(begun.seconds >= 0)) {
        throw new IllegalStateException("its %s is %s".formatted(NAME, text));
      }
      return begun;
    }
  }

  /**
   * Takes a copy of a training; waits for the device.
   *
   * @param metadata what the model says of itself
   * @param model its parameters and buffers
   * @param optimizer of these parameters
   * @param progress of the training
   * @return the content of the file, to be written
   */
  public static Safetensors of(
      Map<String, String> metadata,
      ParameterStore model,
      Optimizer<?> optimizer,
      Progress progress) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    model.state().forEach((name, tensor) -> tensors.put(name, StoredTensor.of(tensor)));
    if (optimizer.hasEma()) {
      for (String name : model.names()) {
        tensors.put(name, StoredTensor.of(optimizer.ema(name)));
        tensors.put(TRAINING + name, StoredTensor.of(model.parameter(name)));
      }
    }
    Map<String, String> texts = new LinkedHashMap<>(metadata);
    texts.put("epoch", String.valueOf(progress.epoch()));
    texts.put("best_val_iou", String.valueOf(progress.bestIou()));
    texts.put("scheduler", progress.schedule());
    if (progress.begun() != null) {
      progress.begun().put(texts);
    }
    Safetensors state = OptimizerState.of(optimizer).content();
    state
        .tensors()
        .forEach((name, tensor) -> {
          if (!name.startsWith("ema.")) {
            tensors.put(OPTIMIZER + name, tensor);
          }
        });
    state.metadata().forEach((name, text) -> texts.put(OPTIMIZER + name, text));
    return new Safetensors(tensors, texts);
  }

  /**
   * Reads a checkpoint.
   *
   * @param file that a training wrote
   * @return the checkpoint
   * @throws BadInputException when it is missing, damaged or of a training that diverged
   */
  public static Checkpoint read(Path file) {
    Safetensors content = CheckpointFile.read(file);
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
    return new Checkpoint(file, content);
  }

  /**
   * Whether a tensor belongs to the training alone, and not to the model that predicts.
   *
   * @param name of the tensor in a checkpoint
   * @return true of the optimizer's state and of the parameters beside a moving average
   */
  public static boolean isOfTraining(String name) {
    return name.startsWith(OPTIMIZER) || name.startsWith(TRAINING);
  }

  /**
   * Looks up what the model said of itself.
   *
   * @param name of the entry
   * @return its text
   * @throws IllegalStateException when there is none of that name
   */
  public String text(String name) {
    return CheckpointFile.text(content, name);
  }

  /**
   * Looks up a tensor of the model.
   *
   * @param name of the parameter or buffer
   * @return its values
   * @throws IllegalStateException when there is none of that name
   */
  public StoredTensor tensor(String name) {
    return CheckpointFile.tensor(content, name);
  }

  /**
   * How far the training was.
   *
   * @return as it was saved
   * @throws BadInputException when that is missing or cannot be
   */
  public Progress progress() {
    return understand(
        model(),
        () -> {
          int epoch = Integer.parseInt(CheckpointFile.text(content, "epoch"));
          Begun begun = Begun.in(content.metadata());
          if (epoch < (begun == null ? 1 : 0)) {
            throw new IllegalStateException("its epoch is %d".formatted(epoch));
          }
          double best = Double.parseDouble(CheckpointFile.text(content, "best_val_iou"));
          if (!Double.isFinite(best)) {
            throw new IllegalStateException("its best_val_iou is %s".formatted(best));
          }
          return new Progress(epoch, best, CheckpointFile.text(content, "scheduler"), begun);
        });
  }

  /**
   * Puts the saved parameters and buffers into a model.
   *
   * @param model as it was saved
   * @throws IllegalStateException when one is missing, or is of another dtype or shape; some may
   *     have been copied then
   */
  public void copyTo(ParameterStore model) {
    model.state().forEach((name, tensor) -> fitting(name, tensor).copyTo(tensor));
  }

  private StoredTensor fitting(String name, Tensor target) {
    StoredTensor stored = CheckpointFile.tensor(content, name);
    if (!stored.shape().equals(target.shape()) || stored.dtype() != target.dtype()) {
      throw new IllegalStateException(
          "%s is %s %s in place of %s %s"
              .formatted(name, stored.dtype(), stored.shape(), target.dtype(), target.shape()));
    }
    return stored;
  }

  /**
   * Puts an optimizer, and the parameters it goes on with, where they were, or changes nothing.
   *
   * @param optimizer of a model that {@link #copyTo} has filled, made as the saved one was
   * @throws BadInputException when the checkpoint lacks something of this optimizer
   */
  public void restore(Optimizer<?> optimizer) {
    boolean former = FormerOptimizerState.isIn(content);
    ParameterStore model = optimizer.store();
    Map<String, StoredTensor> training = new LinkedHashMap<>();
    OptimizerState state =
        understand(
            model(),
            () -> {
              if (optimizer.hasEma()) {
                for (String name : model.names()) {
                  String saved = former ? FormerOptimizerState.training(name) : TRAINING + name;
                  training.put(name, fitting(saved, model.parameter(name)));
                }
              }
              Safetensors saved =
                  former ? FormerOptimizerState.of(content, optimizer) : under(OPTIMIZER);
              return OptimizerState.in(saved, understanding(model()));
            });
    // without an average in the state, it starts at the parameters, which are the saved average
    state.restore(optimizer);
    training.forEach((name, tensor) -> tensor.copyTo(model.parameter(name)));
  }

  /** What has names that begin so, under the rest of the names. */
  private Safetensors under(String prefix) {
    return new Safetensors(under(prefix, content.tensors()), under(prefix, content.metadata()));
  }

  private static <T> Map<String, T> under(String prefix, Map<String, T> all) {
    Map<String, T> found = new LinkedHashMap<>();
    all.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), value);
      }
    });
    return found;
  }

  private @Nullable String model() {
    return content.metadata().get("model");
  }

  /**
   * Reads something out of the checkpoint, and says of what is wrong in which file it is.
   *
   * @param model the kind of model that it should hold; null if that is not known
   * @param reading throws an {@link IllegalStateException} or {@link IllegalArgumentException} with
   *     half a sentence when something is missing or wrong
   * @param <T> what is read
   * @return what was read
   * @throws BadInputException when something is missing or wrong
   */
  public <T> T understand(@Nullable String model, Supplier<T> reading) {
    return understanding(model).of(reading);
  }

  private Understanding understanding(@Nullable String model) {
    String of = model == null ? "" : " of the %s model".formatted(model);
    return new Understanding(fault ->
        "%s is not a usable checkpoint%s (%s); use another one or train anew."
            .formatted(file, of, fault));
  }
}
