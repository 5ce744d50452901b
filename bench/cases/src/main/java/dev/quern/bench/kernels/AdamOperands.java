package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.spi.AdamArena;
import dev.quern.spi.Span;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An arena of tensors with its tables, as the optimizer kernels take it. Between tensors, and where
 * a tensor has no gradient, the gradients are NaN: nothing may read them.
 */
final class AdamOperands {

  /** The hyper-parameters of a group. */
  record Group(double lr, double beta1, double beta2, double eps, double weightDecay, int flags) {}

  /**
   * One tensor: its number of elements, its group, whether it has a gradient, the steps it has
   * taken.
   */
  record Tensor(int length, int group, boolean active, long step) {}

  private static final float PADDING = Float.NaN;

  private final List<Group> groups;
  private final List<Tensor> tensors;
  private final int[] offsets;
  private final int length;
  private final long tiles;

  AdamOperands(List<Group> groups, List<Tensor> tensors) {
    this.groups = groups;
    this.tensors = tensors;
    this.offsets = new int[tensors.size()];
    int end = 0;
    long tileCount = 0;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = end;
      int n = tensors.get(i).length();
      end += (n + AdamArena.ALIGNMENT - 1) / AdamArena.ALIGNMENT * AdamArena.ALIGNMENT;
      tileCount += AdamArena.tiles(n);
    }
    this.length = end;
    this.tiles = tileCount;
  }

  /** Elements of the tensors that have a gradient. */
  long activeElements() {
    return tensors.stream().filter(Tensor::active).mapToLong(Tensor::length).sum();
  }

  boolean amsgrad() {
    return groups.stream().anyMatch(g -> (g.flags() & AdamArena.FLAG_AMSGRAD) != 0);
  }

  private double largestLr() {
    return groups.stream().mapToDouble(Group::lr).max().orElse(0);
  }

  /** Gradients of one step. */
  float[] gradients(double scale, long seed) {
    float[] gradients = spread(Inputs.uniform(length, scale, seed));
    for (int i = 0; i < offsets.length; i++) {
      Tensor tensor = tensors.get(i);
      if (!tensor.active()) {
        Arrays.fill(gradients, offsets[i], offsets[i] + tensor.length(), PADDING);
      }
    }
    return gradients;
  }

  /** Puts a value into the gradients at an element of the first active tensor that has it. */
  void poison(float[] gradients, int element, float value) {
    for (int i = 0; i < offsets.length; i++) {
      Tensor tensor = tensors.get(i);
      if (tensor.active() && tensor.length() > element) {
        gradients[offsets[i] + element] = value;
        return;
      }
    }
    throw new IllegalArgumentException("No active tensor has an element " + element + ".");
  }

  private float[] spread(float[] values) {
    float[] spread = new float[length];
    Arrays.fill(spread, PADDING);
    for (int i = 0; i < offsets.length; i++) {
      System.arraycopy(values, offsets[i], spread, offsets[i], tensors.get(i).length());
    }
    return spread;
  }

  /** Places everything; one arena per step, which differ in their gradients only. */
  List<AdamArena> on(Workbench bench, List<float[]> gradientsOfSteps) {
    int steps = gradientsOfSteps.size();
    float[] squares = Inputs.unit(length, 32);
    Span parameters =
        bench.alignedInout(
            "parameters",
            HostArray.of(spread(Inputs.uniform(length, 1, 30))),
            Tolerance.adam(steps, largestLr()));
    Span expAvg =
        bench.alignedInout(
            "expAvg", HostArray.of(spread(Inputs.uniform(length, 0.1, 31))), Tolerance.MOMENT);
    Span expAvgSq = bench.alignedInout("expAvgSq", HostArray.of(spread(squares)), Tolerance.MOMENT);
    @Nullable Span maxExpAvgSq =
        amsgrad()
            ? bench.alignedInout(
                "maxExpAvgSq", HostArray.of(spread(squares.clone())), Tolerance.MOMENT)
            : null;
    Span segments = bench.alignedInout("segments", HostArray.of(segmentTable()), Tolerance.EXACT);
    Span groupTable = bench.alignedInput("groups", HostArray.of(groupTable()));
    Span ticket = bench.inout("ticket", HostArray.zeros(DType.I32, 1), Tolerance.EXACT);
    var arenas = new ArrayList<AdamArena>();
    for (int step = 0; step < steps; step++) {
      Span gradients =
          bench.alignedInput("gradients of step " + step, HostArray.of(gradientsOfSteps.get(step)));
      arenas.add(
          new AdamArena(
              parameters,
              gradients,
              expAvg,
              expAvgSq,
              maxExpAvgSq,
              segments,
              tensors.size(),
              tiles,
              groupTable,
              ticket));
    }
    return arenas;
  }

  private byte[] segmentTable() {
    StructLayout layout = AdamArena.SEGMENT;
    byte[] table = new byte[Math.toIntExact(tensors.size() * layout.byteSize())];
    MemorySegment memory = MemorySegment.ofArray(table);
    long firstTile = 0;
    for (int i = 0; i < offsets.length; i++) {
      Tensor tensor = tensors.get(i);
      long at = i * layout.byteSize();
      put(memory, at, layout, "offset", offsets[i]);
      put(memory, at, layout, "length", tensor.length());
      put(memory, at, layout, "firstTile", firstTile);
      put(memory, at, layout, "step", tensor.step());
      put(memory, at, layout, "group", tensor.group());
      put(memory, at, layout, "active", tensor.active() ? 1 : 0);
      firstTile += AdamArena.tiles(tensor.length());
    }
    return table;
  }

  private byte[] groupTable() {
    StructLayout layout = AdamArena.GROUP;
    byte[] table = new byte[Math.toIntExact(groups.size() * layout.byteSize())];
    MemorySegment memory = MemorySegment.ofArray(table);
    for (int i = 0; i < groups.size(); i++) {
      Group group = groups.get(i);
      long at = i * layout.byteSize();
      put(memory, at, layout, "lr", group.lr());
      put(memory, at, layout, "beta1", group.beta1());
      put(memory, at, layout, "beta2", group.beta2());
      put(memory, at, layout, "logBeta1", StrictMath.log(group.beta1()));
      put(memory, at, layout, "logBeta2", StrictMath.log(group.beta2()));
      put(memory, at, layout, "eps", group.eps());
      put(memory, at, layout, "weightDecay", group.weightDecay());
      put(memory, at, layout, "flags", group.flags());
    }
    return table;
  }

  private static void put(
      MemorySegment memory, long at, StructLayout layout, String field, double value) {
    long offset = at + layout.byteOffset(PathElement.groupElement(field));
    memory.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, offset, value);
  }

  private static void put(
      MemorySegment memory, long at, StructLayout layout, String field, long value) {
    PathElement path = PathElement.groupElement(field);
    long offset = at + layout.byteOffset(path);
    if (layout.select(path).byteSize() == Long.BYTES) {
      memory.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
    } else {
      memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset, Math.toIntExact(value));
    }
  }

  /** Room for the scalars that the norm leaves. */
  static Span control(Workbench bench) {
    return bench.inout("control", HostArray.of(0f, 1f, 1f, 0f), Tolerance.SCALAR);
  }
}
