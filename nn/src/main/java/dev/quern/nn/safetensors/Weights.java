package dev.quern.nn.safetensors;

import dev.quern.DType;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The way from a network's parameters and buffers to tensors of files and back: what PyTorch calls
 * a {@code state_dict}.
 */
public final class Weights {

  /** Names that a sentence lists before it counts. */
  private static final int LISTED = 3;

  private Weights() {}

  /**
   * Copies the parameters and buffers of a network; waits for the device.
   *
   * @param network what to copy
   * @return its tensors by name, in the order they were added: F32, and I64 of what counts
   */
  public static Map<String, StoredTensor> of(ParameterStore network) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    network.state().forEach((name, tensor) -> tensors.put(name, StoredTensor.of(tensor)));
    return tensors;
  }

  /**
   * Overwrites the parameters and buffers of a network with those of a file; gradients stay.
   *
   * @param tensors by name, one of the same shape for each parameter and buffer and no others. For
   *     F32 they may also be F64, which is rounded to the nearest F32, F16 or BF16; for I64 they
   *     are I64
   * @param network whose parameters and buffers are overwritten
   * @throws IllegalArgumentException naming what is missing, superfluous, or of another shape or
   *     type; nothing is changed then
   */
  public static void load(Map<String, StoredTensor> tensors, ParameterStore network) {
    List<String> missing = new ArrayList<>();
    List<String> different = new ArrayList<>();
    List<Runnable> copies = new ArrayList<>();
    Map<String, Tensor> state = network.state();
    state.forEach((name, target) -> {
      StoredTensor stored = tensors.get(name);
      if (stored == null) {
        missing.add(name);
      } else if (fits(stored, target)) {
        copies.add(() -> stored.copyTo(target));
      } else {
        different.add(
            "%s (%s %s in the file, %s %s in the network)"
                .formatted(
                    name,
                    stored.dtype(),
                    SafetensorsEntry.shown(stored.shape().toString()),
                    target.dtype(),
                    target.shape()));
      }
    });
    List<String> superfluous =
        tensors.keySet().stream()
            .filter(name -> !state.containsKey(name))
            .map(SafetensorsEntry::shown)
            .toList();
    List<String> faults = new ArrayList<>();
    add(faults, "missing", missing);
    add(faults, "superfluous", superfluous);
    add(faults, "different", different);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "The weights do not fit the network; " + String.join("; ", faults) + ".");
    }
    copies.forEach(Runnable::run);
  }

  private static boolean fits(StoredTensor stored, Tensor target) {
    boolean type =
        switch (stored.dtype()) {
          case F32, F64, F16, BF16 -> target.dtype() == DType.F32;
          case I64 -> target.dtype() == DType.I64;
          case U8, I32, BOOL -> false;
        };
    return type && stored.shape().equals(target.shape());
  }

  private static void add(List<String> faults, String what, List<String> names) {
    int more = names.size() - LISTED;
    String listed = String.join(", ", names.subList(0, Math.min(LISTED, names.size())));
    if (!names.isEmpty()) {
      faults.add(
          "%s: %s".formatted(what, listed) + (more > 0 ? " and %d more".formatted(more) : ""));
    }
  }
}
