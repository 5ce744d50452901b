package dev.quern.bench.peers;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The first parameters of the U-Net of {@link Workload.Kind#UNET}, the same on both sides: uniform
 * with the deviation of Kaiming's rule, normalizations of 1 and 0.
 */
public final class UNetParameters {
  /** Channels of the highest level. */
  public static final int WIDTH = 16;

  /** Levels. */
  public static final int DEPTH = 4;

  /** Height and width of the images. */
  public static final int SIZE = 256;

  /** Images in a batch. */
  public static final int IMAGES = 8;

  /**
   * A parameter.
   *
   * @param shape as PyTorch has it
   * @param values of its elements
   */
  @SuppressWarnings("ArrayRecordComponent") // read by its maker's caller alone
  public record Parameter(long[] shape, float[] values) {}

  private final Map<String, Parameter> all = new LinkedHashMap<>();

  private UNetParameters() {
    for (int level = 0; level < DEPTH; level++) {
      block("down", level, level == 0 ? 1 : WIDTH << (level - 1));
    }
    for (int level = 0; level < DEPTH - 1; level++) {
      block("up", level, 3 * (WIDTH << level));
    }
    weight("head", 1, WIDTH, 1);
    all.put("head.bias", new Parameter(new long[] {1}, new float[1]));
  }

  /** {@return the parameters by name: for each level down and up two convolutions with theirs} */
  public static Map<String, Parameter> all() {
    return new UNetParameters().all;
  }

  private void block(String path, int level, int inputs) {
    int outputs = WIDTH << level;
    for (int layer = 0; layer <= 3; layer += 3) {
      weight("%s.%d.%d".formatted(path, level, layer), outputs, layer == 0 ? inputs : outputs, 3);
      String norm = "%s.%d.%d".formatted(path, level, layer + 1);
      float[] ones = new float[outputs];
      Arrays.fill(ones, 1);
      all.put(norm + ".weight", new Parameter(new long[] {outputs}, ones));
      all.put(norm + ".bias", new Parameter(new long[] {outputs}, new float[outputs]));
    }
  }

  private void weight(String layer, int outputs, int inputs, int window) {
    int fan = inputs * window * window;
    float[] values = Workload.values(3 + all.size(), outputs * fan);
    float bound = (float) Math.sqrt(6.0 / fan);
    for (int i = 0; i < values.length; i++) {
      values[i] *= bound / 4;
    }
    all.put(layer + ".weight", new Parameter(new long[] {outputs, inputs, window, window}, values));
  }
}
