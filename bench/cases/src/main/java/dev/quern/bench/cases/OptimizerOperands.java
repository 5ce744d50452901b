package dev.quern.bench.cases;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.quern.DType;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.NotOfferedException;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OutsideTensors;
import dev.quern.spi.optim.SegmentTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An arena of tensors with its tables, as the optimizer kernels take it. Between tensors, and where
 * a tensor has no gradient, the gradients are NaN: nothing may read them.
 */
final class OptimizerOperands {

  /**
   * One tensor: its number of elements, its group, whether it has a gradient, the steps it has
   * taken, whether its momentum buffer holds something.
   */
  record Tensor(int length, int group, boolean active, long step, boolean buffered) {
    Tensor(int length, int group, boolean active, long step) {
      this(length, group, active, step, step > 0);
    }
  }

  private static final float PADDING = Float.NaN;

  private final List<Tensor> tensors;
  private final int[] offsets;
  private final int length;
  private final long tiles;

  OptimizerOperands(List<Tensor> tensors) {
    this.tensors = tensors;
    this.offsets = new int[tensors.size()];
    int end = 0;
    long tileCount = 0;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = end;
      int n = tensors.get(i).length();
      end +=
          (n + OptimizerArena.ALIGNMENT - 1) / OptimizerArena.ALIGNMENT * OptimizerArena.ALIGNMENT;
      tileCount += OptimizerArena.tiles(n);
    }
    this.length = end;
    this.tiles = tileCount;
  }

  /** One tensor with a gradient, in group 0, before its first step. */
  static OptimizerOperands single(int n) {
    return new OptimizerOperands(List.of(new Tensor(n, 0, true, 0)));
  }

  /**
   * Tensors of all sizes, in turn in each of the groups, some without a gradient, some that took
   * steps before their momentum was switched on.
   */
  static OptimizerOperands mixed(int groups) {
    int[] lengths = {1, 15, 16, 17, 0, 1009, 4095, 4096, 4097, 6149, 31, 8192};
    var tensors = new ArrayList<Tensor>();
    for (int i = 0; i < 3 * lengths.length; i++) {
      long step = 100L * (i % 4);
      boolean buffered = step > 0 && i % 7 != 5;
      tensors.add(new Tensor(lengths[i % lengths.length], i % groups, i % 5 != 3, step, buffered));
    }
    return new OptimizerOperands(tensors);
  }

  /** Five hundred tensors of less than a tile; neighbours mostly share group and step number. */
  static OptimizerOperands manySmall() {
    var tensors = new ArrayList<Tensor>();
    for (int i = 0; i < 500; i++) {
      tensors.add(new Tensor(1 + i * 7 % 67, i / 5 % 2, i % 11 != 0, i / 30 % 3));
    }
    return new OptimizerOperands(tensors);
  }

  /** Elements of the tensors that have a gradient. */
  long activeElements() {
    return tensors.stream().filter(Tensor::active).mapToLong(Tensor::length).sum();
  }

  /** Elements of all tensors. */
  long elements() {
    return tensors.stream().mapToLong(Tensor::length).sum();
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

  /** Places an array as long as the arena that the optimizer changes. */
  Span state(Workbench bench, String name, double scale, long seed, Tolerance tolerance) {
    return bench.alignedInout(
        name, HostArray.of(spread(Inputs.uniform(length, scale, seed))), tolerance);
  }

  /** The same with elements between 0 and 1. */
  Span positiveState(Workbench bench, String name, Tolerance tolerance) {
    return bench.alignedInout(name, HostArray.of(spread(Inputs.unit(length, 32))), tolerance);
  }

  /** Places the arena; one per step, which differ in their gradients only. */
  List<OptimizerArena> on(
      Workbench bench,
      MemorySegment groupTable,
      boolean withEma,
      Tolerance tolerance,
      List<float[]> gradientsOfSteps) {
    Span parameters = state(bench, "parameters", 1, 30, tolerance);
    @Nullable Span ema = withEma ? state(bench, "ema", 1, 33, tolerance) : null;
    Tables tables = tables(bench, groupTable);
    var arenas = new ArrayList<OptimizerArena>();
    for (int step = 0; step < gradientsOfSteps.size(); step++) {
      Span gradients =
          bench.alignedInput("gradients of step " + step, HostArray.of(gradientsOfSteps.get(step)));
      arenas.add(arena(parameters, gradients, ema, tables, null));
    }
    return arenas;
  }

  /**
   * The same with parameters and gradients outside the arena, each in memory of its own.
   *
   * @throws UnsupportedOperationException if the backend cannot reach them
   */
  List<OptimizerArena> outside(
      Workbench bench,
      MemorySegment groupTable,
      boolean withEma,
      Tolerance tolerance,
      List<float[]> gradientsOfSteps) {
    var parameters = new ArrayList<Span>();
    float[] initial = Inputs.uniform(length, 1, 30);
    for (int i = 0; i < offsets.length; i++) {
      parameters.add(bench.inout("parameter " + i, HostArray.of(part(initial, i)), tolerance));
    }
    @Nullable Span ema = withEma ? state(bench, "ema", 1, 33, tolerance) : null;
    Tables tables = tables(bench, groupTable);
    Span none = new Span(tables.ticket().buffer(), DType.F32, 0, 0);
    var arenas = new ArrayList<OptimizerArena>();
    for (float[] gradientsOfStep : gradientsOfSteps) {
      var gradients = new ArrayList<Span>();
      for (int i = 0; i < offsets.length; i++) {
        gradients.add(bench.input("gradient " + i, HostArray.of(part(gradientsOfStep, i))));
      }
      Span pointers = pointers(bench, parameters, gradients);
      OutsideTensors outside = new OutsideTensors(parameters, gradients, pointers);
      arenas.add(arena(none, none, ema, tables, outside));
    }
    return arenas;
  }

  /** Places the table of addresses in scratch memory: they differ from run to run. */
  private static Span pointers(Workbench bench, List<Span> parameters, List<Span> gradients) {
    MemorySegment table = bench.backend().kernels().optimizer().pointerTable(parameters, gradients);
    if (table == null) {
      throw new NotOfferedException("no pointers to tensors outside an arena");
    }
    Span span = bench.scratch(table.byteSize());
    bench.backend().memory().upload(table, span.buffer(), span.byteOffset());
    return span;
  }

  private float[] part(float[] values, int tensor) {
    int from = offsets[tensor];
    return Arrays.copyOfRange(values, from, from + tensors.get(tensor).length());
  }

  private record Tables(Span segments, Span groups, Span ticket) {}

  private Tables tables(Workbench bench, MemorySegment groupTable) {
    return new Tables(
        bench.alignedInout("segments", HostArray.of(segmentTable()), Tolerance.EXACT),
        bench.alignedInput("groups", HostArray.of(groupTable.toArray(JAVA_BYTE))),
        bench.inout("ticket", HostArray.zeros(DType.I32, 1), Tolerance.EXACT));
  }

  private OptimizerArena arena(
      Span parameters,
      Span gradients,
      @Nullable Span ema,
      Tables tables,
      @Nullable OutsideTensors outside) {
    return new OptimizerArena(
        parameters,
        gradients,
        ema,
        tables.segments(),
        tensors.size(),
        tiles,
        tables.groups(),
        tables.ticket(),
        outside);
  }

  private byte[] segmentTable() {
    SegmentTable table = SegmentTable.allocate(tensors.size());
    long firstTile = 0;
    for (int i = 0; i < offsets.length; i++) {
      Tensor tensor = tensors.get(i);
      table.set(
          i,
          offsets[i],
          tensor.length(),
          firstTile,
          tensor.step(),
          tensor.group(),
          tensor.active());
      table.setBuffered(i, tensor.buffered());
      firstTile += OptimizerArena.tiles(tensor.length());
    }
    return table.memory().toArray(JAVA_BYTE);
  }

  /** Room for the scalars that the norm leaves. */
  static Span control(Workbench bench) {
    return bench.inout("control", HostArray.of(0f, 1f, 1f, 1f, 1f), Tolerance.SCALAR);
  }
}
