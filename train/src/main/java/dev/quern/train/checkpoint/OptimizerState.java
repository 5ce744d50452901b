package dev.quern.train.checkpoint;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.DynamicLossScale;
import dev.quern.optim.Optimizer;
import dev.quern.optim.OptimizerOptions;
import dev.quern.optim.ParameterGroup;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.message.BadInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The state of an optimizer as a safetensors file in PyTorch's layout: a {@code state_dict} with
 * its keys joined by dots. Parameter I, counted over all groups in their order, has {@code
 * state.I.exp_avg}, {@code state.I.exp_avg_sq}, with amsgrad {@code state.I.max_exp_avg_sq}, and
 * {@code state.I.step} (F32, shape [1]); under SGD {@code state.I.momentum_buffer}. One that never
 * took a step has no entry. The metadata entry {@code param_groups} is PyTorch's list as JSON.
 *
 * <p>Beyond PyTorch's layout, and ignored by it: {@code ema.I}, the moving average; the metadata
 * entry {@code steps}, the step numbers as integers, because F32 counts to 2^24 only; {@code l1}
 * and {@code proximal} in a group with an L1 penalty. Of a dynamic loss scale the metadata entry
 * {@code grad_scaler} holds PyTorch's {@code GradScaler.state_dict()} as JSON. Parameters
 * themselves are not in the file, as there. The same state gives the same bytes.
 */
public final class OptimizerState {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String MOMENTUM_BUFFER = "momentum_buffer";
  private static final String GRAD_SCALER = "grad_scaler";

  private final Understanding understanding;
  private final Safetensors content;

  private OptimizerState(Understanding understanding, Safetensors content) {
    this.understanding = understanding;
    this.content = content;
  }

  /**
   * Takes a copy of an optimizer's state; waits for the device.
   *
   * @param optimizer what to copy
   * @return its state
   */
  public static OptimizerState of(Optimizer<?> optimizer) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    ArrayNode paramGroups = JSON.createArrayNode();
    ArrayNode stepNumbers = JSON.createArrayNode();
    Map<String, Long> steps = stepsByName(optimizer);
    Set<String> buffered = buffered(optimizer);
    int id = 0;
    for (ParameterGroup<?> group : optimizer.groups()) {
      ObjectNode node = GroupOptions.encode(group.options());
      ArrayNode ids = node.putArray("params");
      for (String name : group.parameters()) {
        long step = steps.getOrDefault(name, 0L);
        if (step > 0) {
          for (String key : keys(optimizer, group.options(), buffered.contains(name))) {
            tensors.put(entry(id, key), StoredTensor.of(tensor(optimizer, key, name)));
          }
          if (group.options() instanceof AdamOptions) {
            tensors.put(
                entry(id, "step"), StoredTensor.of(Shape.of(1), new float[] {(float) step}));
          }
        }
        if (optimizer.hasEma()) {
          tensors.put("ema." + id, StoredTensor.of(optimizer.ema(name)));
        }
        stepNumbers.add(step);
        ids.add(id++);
      }
      paramGroups.add(node);
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("param_groups", JSON.writeValueAsString(paramGroups));
    metadata.put("steps", JSON.writeValueAsString(stepNumbers));
    if (optimizer.hasDynamicLossScale()) {
      metadata.put(GRAD_SCALER, JSON.writeValueAsString(GradScaler.encode(optimizer)));
    }
    return new OptimizerState(fitting("The optimizer state"), new Safetensors(tensors, metadata));
  }

  /**
   * Reads a file, written here or from PyTorch.
   *
   * @param file in the layout described above
   * @return the state
   * @throws BadInputException when the file is missing, damaged or holds no {@code param_groups}
   */
  public static OptimizerState load(Path file) {
    OptimizerState state = new OptimizerState(fitting(file.toString()), CheckpointFile.read(file));
    state.understanding.of(state::paramGroups);
    return state;
  }

  /** A state that is a part of a file, of whose faults is said what is said of the whole. */
  static OptimizerState in(Safetensors content, Understanding whole) {
    return new OptimizerState(whole, content);
  }

  private static Understanding fitting(String origin) {
    return new Understanding(fault ->
        "%s does not fit this optimizer (%s); use the one that belongs to it."
            .formatted(origin, fault));
  }

  /**
   * Writes or replaces a file, whole or not at all.
   *
   * @param file the final name
   * @throws BadInputException when it cannot be written
   */
  public void save(Path file) {
    AtomicFile.write(file, content::writeTo);
  }

  /**
   * Puts an optimizer where the state was taken: hyper-parameters, moments and step numbers. As in
   * PyTorch the groups are matched by position and all hyper-parameters replaced; unlike there,
   * shapes are checked. A moving average that the state does not hold starts at the parameters'
   * present values; one that the optimizer does not keep is left out, and so is a loss scale. A
   * dynamic loss scale that the state does not hold stays as it is; of one that it holds, scale and
   * count are taken, while growth, backoff, interval and limits stay the optimizer's.
   *
   * @param optimizer of the same kind, with as many groups of as many parameters
   * @throws BadInputException when the state does not fit the optimizer, holds a NaN or an
   *     infinity, or a group needs memory, for amsgrad or momentum, that the optimizer was not made
   *     with; nothing is changed then
   */
  public void restore(Optimizer<?> optimizer) {
    List<String> names = new ArrayList<>();
    optimizer.groups().forEach(group -> names.addAll(group.parameters()));
    List<OptimizerOptions<?>> options = understanding.of(() -> checkedOptions(optimizer));
    long[] steps = understanding.of(() -> checkedSteps(optimizer, names, options));
    Optional<DynamicLossScale.State> lossScale =
        understanding.of(() -> checkedLossScale(optimizer));
    // the first change, refused as a whole or made as a whole; nothing behind it is refused
    understanding.of(() -> {
      setOptions(optimizer, options);
      return options;
    });
    copyTensors(optimizer, steps);
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < steps.length; id++) {
      ids.put(names.get(id), id);
    }
    int[] idOf =
        optimizer.store().names().stream()
            .mapToInt(n -> Objects.requireNonNull(ids.get(n)))
            .toArray();
    optimizer.setSteps(Arrays.stream(idOf).mapToLong(id -> steps[id]).toArray());
    if (optimizer instanceof Sgd sgd) {
      boolean[] buffered = new boolean[idOf.length];
      for (int i = 0; i < buffered.length; i++) {
        buffered[i] = sgd.hasMomentumBuffer() && steps[idOf[i]] > 0 && hasBuffer(idOf[i]);
      }
      sgd.setBuffered(buffered);
    }
    lossScale.ifPresent(optimizer::setLossScaleState);
  }

  private static void setOptions(Optimizer<?> optimizer, List<OptimizerOptions<?>> options) {
    switch (optimizer) {
      case Adam adam -> adam.setOptions(options.stream().map(AdamOptions.class::cast).toList());
      case Sgd sgd -> sgd.setOptions(options.stream().map(SgdOptions.class::cast).toList());
    }
  }

  private boolean hasBuffer(int id) {
    return content.tensors().containsKey(entry(id, MOMENTUM_BUFFER));
  }

  private void copyTensors(Optimizer<?> optimizer, long[] steps) {
    int id = 0;
    for (ParameterGroup<?> group : optimizer.groups()) {
      for (String name : group.parameters()) {
        for (String key : keys(optimizer, group.options(), true)) {
          Tensor target = tensor(optimizer, key, name);
          if (steps[id] > 0 && (!key.equals(MOMENTUM_BUFFER) || hasBuffer(id))) {
            target.copyFrom(CheckpointFile.tensor(content, entry(id, key)).floats());
          } else {
            target.fill(0);
          }
        }
        if (optimizer.hasEma()) {
          StoredTensor average = content.tensors().get("ema." + id);
          if (average == null) {
            optimizer.ema(name).copyFrom(optimizer.store().parameter(name));
          } else {
            optimizer.ema(name).copyFrom(average.floats());
          }
        }
        id++;
      }
    }
  }

  /** What is written to the file. */
  Safetensors content() {
    return content;
  }

  private JsonNode paramGroups() {
    JsonNode groups = JSON.readTree(CheckpointFile.text(content, "param_groups"));
    if (!groups.isArray()) {
      throw new IllegalStateException("its param_groups are no list");
    }
    return groups;
  }

  private List<OptimizerOptions<?>> checkedOptions(Optimizer<?> optimizer) {
    JsonNode groups = paramGroups();
    if (groups.size() != optimizer.groups().size()) {
      throw new IllegalStateException(
          "it has %d parameter groups, the optimizer %d"
              .formatted(groups.size(), optimizer.groups().size()));
    }
    List<OptimizerOptions<?>> options = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      JsonNode group = groups.get(g);
      int parameters = optimizer.groups().get(g).parameters().size();
      if (group.required("params").size() != parameters) {
        throw new IllegalStateException(
            "its group %d has %d parameters, the optimizer's %d"
                .formatted(g, group.required("params").size(), parameters));
      }
      options.add(
          switch (optimizer) {
            case Adam adam -> GroupOptions.adam(group);
            case Sgd sgd -> GroupOptions.sgd(group);
          });
    }
    return options;
  }

  /** The state of the loss scale, of an optimizer that has a dynamic one. */
  private Optional<DynamicLossScale.State> checkedLossScale(Optimizer<?> optimizer) {
    String saved = content.metadata().get(GRAD_SCALER);
    return saved == null || !optimizer.hasDynamicLossScale()
        ? Optional.empty()
        : Optional.of(GradScaler.decode(JSON.readTree(saved), optimizer.dynamicLossScale()));
  }

  /** The step number of each parameter, 0 for those without an entry; checks every tensor. */
  private long[] checkedSteps(
      Optimizer<?> optimizer, List<String> names, List<OptimizerOptions<?>> options) {
    long[] steps = new long[names.size()];
    int id = 0;
    for (int g = 0; g < options.size(); g++) {
      for (String name : optimizer.groups().get(g).parameters()) {
        Shape shape = optimizer.store().parameter(name).shape();
        steps[id] = step(id, options.get(g));
        for (String key : keys(optimizer, options.get(g), hasBuffer(id))) {
          if (steps[id] > 0) {
            requireUsable(
                entry(id, key), CheckpointFile.tensor(content, entry(id, key)), name, shape);
          }
        }
        StoredTensor average = content.tensors().get("ema." + id);
        if (average != null) {
          requireUsable("ema." + id, average, name, shape);
        }
        id++;
      }
    }
    return steps;
  }

  private long step(int id, OptimizerOptions<?> options) {
    long exact = -1;
    String listed = content.metadata().get("steps");
    if (listed != null) {
      exact = JSON.readTree(listed).required(id).asLong();
    }
    StoredTensor stored = content.tensors().get(entry(id, "step"));
    if (stored == null) {
      boolean started = options instanceof SgdOptions && hasBuffer(id);
      return exact >= 0 ? exact : started ? 1 : 0;
    }
    float step = stored.dtype() == DType.I64 ? stored.longs()[0] : stored.floats()[0];
    if (!(step >= 0 && step < Float.POSITIVE_INFINITY)) {
      throw new IllegalStateException("%s is %s".formatted(entry(id, "step"), step));
    }
    return (float) exact == step ? exact : (long) step;
  }

  private static void requireUsable(String key, StoredTensor stored, String name, Shape shape) {
    if (!stored.shape().equals(shape) || stored.dtype() != DType.F32) {
      throw new IllegalStateException(
          "%s is %s %s, the parameter '%s' F32 %s"
              .formatted(key, stored.dtype(), stored.shape(), name, shape));
    }
    if (!stored.isFinite()) {
      throw new IllegalStateException(
          "%s holds a NaN or an infinity, because training had diverged".formatted(key));
    }
  }

  /** What an optimizer remembers of a parameter; of SGD a buffer that holds something. */
  private static List<String> keys(
      Optimizer<?> optimizer, OptimizerOptions<?> options, boolean buffered) {
    return switch (options) {
      case AdamOptions adam ->
          adam.amsgrad()
              ? List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
              : List.of("exp_avg", "exp_avg_sq");
      case SgdOptions _ ->
          buffered && optimizer instanceof Sgd sgd && sgd.hasMomentumBuffer()
              ? List.of(MOMENTUM_BUFFER)
              : List.of();
    };
  }

  private static Tensor tensor(Optimizer<?> optimizer, String key, String name) {
    return switch (optimizer) {
      case Adam adam ->
          switch (key) {
            case "exp_avg" -> adam.expAvg(name);
            case "exp_avg_sq" -> adam.expAvgSq(name);
            default -> adam.maxExpAvgSq(name);
          };
      case Sgd sgd -> sgd.momentumBuffer(name);
    };
  }

  private static Map<String, Long> stepsByName(Optimizer<?> optimizer) {
    long[] steps = optimizer.steps();
    Map<String, Long> byName = new HashMap<>();
    for (String name : optimizer.store().names()) {
      byName.put(name, steps[byName.size()]);
    }
    return byName;
  }

  /** The parameters whose momentum buffers hold something. */
  private static Set<String> buffered(Optimizer<?> optimizer) {
    Set<String> names = new HashSet<>();
    if (optimizer instanceof Sgd sgd) {
      boolean[] buffered = sgd.buffered();
      List<String> all = optimizer.store().names();
      for (int i = 0; i < buffered.length; i++) {
        if (buffered[i]) {
          names.add(all.get(i));
        }
      }
    }
    return names;
  }

  private static String entry(int id, String key) {
    return "state." + id + "." + key;
  }
}
