package dev.quern.train.checkpoint;

import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.optim.Optimizer;
import dev.quern.optim.ParameterGroup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The optimizer's state in a checkpoint as it was written at first: tensors {@code
 * optimizer.NAME.exp_avg} and the like by the parameter's name, {@code .step} as I64, {@code
 * .weight} where a moving average is kept, and no hyper-parameters.
 */
final class FormerOptimizerState {

  private static final List<String> KEYS =
      List.of("step", "exp_avg", "exp_avg_sq", "momentum_buffer");

  private FormerOptimizerState() {}

  /** Whether a checkpoint is of that time. */
  static boolean isIn(Safetensors checkpoint) {
    return !checkpoint.metadata().containsKey("optimizer.param_groups");
  }

  /** The tensor of a parameter that training goes on with, where an average is kept. */
  static String training(String parameter) {
    return "optimizer." + parameter + ".weight";
  }

  /** The state in today's layout, with the hyper-parameters that an optimizer has. */
  static Safetensors of(Safetensors checkpoint, Optimizer<?> optimizer) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<Long> steps = new ArrayList<>();
    for (ParameterGroup<?> group : optimizer.groups()) {
      for (String name : group.parameters()) {
        String entry = "state." + steps.size() + ".";
        for (String key : KEYS) {
          StoredTensor tensor = checkpoint.tensors().get("optimizer." + name + "." + key);
          if (tensor != null) {
            tensors.put(entry + key, tensor);
          }
        }
        steps.add(CheckpointFile.tensor(checkpoint, "optimizer." + name + ".step").longs()[0]);
      }
    }
    Map<String, String> metadata =
        new LinkedHashMap<>(OptimizerState.of(optimizer).content().metadata());
    metadata.put("steps", steps.toString());
    return new Safetensors(tensors, metadata);
  }
}
