package dev.quern.optim;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.AdamArena;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.AdamTables;
import dev.quern.spi.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Adam and AdamW over a {@link ParameterStore}: one launch a step, 28 bytes of memory traffic per
 * parameter, 36 with amsgrad.
 *
 * <p>Source: PyTorch's {@code Adam} and {@code AdamW} (Kingma and Ba, 2015; Loshchilov and Hutter,
 * 2019; Reddi et al., 2018): eps is added after the bias-corrected root, amsgrad takes the maximum
 * of the uncorrected second moment. Bias corrections come from the int64 step number, in f64. With
 * {@link Builder#clipNorm} or {@link Builder#skipNonFinite} one reduction runs before the update;
 * if any gradient is not finite, the whole step then changes nothing, step numbers included.
 */
public final class Adam implements AutoCloseable {
  private final Engine engine;
  private final ParameterStore store;
  private final List<ParameterGroup> groups;
  private final float maxNorm;
  private final boolean reduces;
  private final Tensor expAvg;
  private final Tensor expAvgSq;
  private final @Nullable Tensor maxExpAvgSq;
  private final Tensor segmentTable;
  private final Tensor groupTable;
  private final Tensor ticket;
  private final Tensor control;
  private final MemorySegment groupCopy;
  private final AdamArena arena;
  private final List<Tensor> expAvgViews;
  private final List<Tensor> expAvgSqViews;
  private final List<Tensor> maxExpAvgSqViews;

  private Adam(Builder builder) {
    this.store = builder.store;
    this.engine = store.engine();
    this.groups = new ArrayList<>(builder.groups);
    this.maxNorm = builder.maxNorm;
    this.reduces = builder.skipNonFinite || maxNorm < Float.POSITIVE_INFINITY;
    Shape shape = store.parameters().shape();
    boolean amsgrad = groups.stream().anyMatch(g -> g.options().amsgrad());
    this.expAvg = engine.zeros(DType.F32, shape).detach();
    this.expAvgSq = engine.zeros(DType.F32, shape).detach();
    this.maxExpAvgSq = amsgrad ? engine.zeros(DType.F32, shape).detach() : null;
    this.expAvgViews = store.views(expAvg);
    this.expAvgSqViews = store.views(expAvgSq);
    this.maxExpAvgSqViews = maxExpAvgSq == null ? List.of() : store.views(maxExpAvgSq);

    MemorySegment segments = AdamTables.table(AdamArena.SEGMENT, store.entries().size());
    long tiles = fillSegments(segments, groupOfParameter(store, groups));
    this.groupCopy = AdamTables.table(AdamArena.GROUP, groups.size());
    this.segmentTable = upload(segments);
    this.groupTable = upload(groupCopy);
    writeGroups();
    this.ticket = engine.zeros(DType.I32, Shape.of(1)).detach();
    this.control =
        engine.tensor(new float[] {0, 1, 1, 0}, OptimizerKernels.CONTROL_LENGTH).detach();
    this.arena =
        new AdamArena(
            store.parameters().span(),
            store.gradients().span(),
            expAvg.span(),
            expAvgSq.span(),
            maxExpAvgSq == null ? null : maxExpAvgSq.span(),
            segmentTable.span(),
            store.entries().size(),
            tiles,
            groupTable.span(),
            ticket.span());
  }

  /**
   * Starts an optimizer.
   *
   * @param store the parameters it updates
   * @return a builder
   */
  public static Builder builder(ParameterStore store) {
    return new Builder(store);
  }

  /** Updates every active parameter from its gradient; returns before the work is done. */
  public void step() {
    if (reduces) {
      engine.submitWithScratch(
          b -> b.optimizer().scratchBytes(arena),
          (b, scratch) -> b.optimizer().gradientNorm(arena, maxNorm, control.span(), scratch));
    }
    engine.submit(b -> b.optimizer().adam(arena, control.span()));
  }

  /**
   * Returns the parameter groups with their present options.
   *
   * @return the groups
   */
  public List<ParameterGroup> groups() {
    return List.copyOf(groups);
  }

  /**
   * Changes a learning rate for the steps that follow.
   *
   * @param group the group's index
   * @param lr the learning rate, finite and at least 0
   */
  public void setLearningRate(int group, double lr) {
    ParameterGroup old = groups.get(group);
    if (old.options().lr() != lr) {
      groups.set(group, new ParameterGroup(old.parameters(), old.options().withLr(lr)));
      writeGroups();
    }
  }

  /**
   * Says whether a parameter has a gradient in the steps that follow; without one it is skipped
   * wholly: no decay, no moments, no step count. All are active at first. Reads and rewrites the
   * segment table, so it waits for the device.
   *
   * @param parameter its name
   * @param active whether it takes part
   */
  public void setActive(String parameter, boolean active) {
    int index = store.index(parameter);
    changeSegments(segments ->
        segments.set(
            index,
            segments.offset(index),
            segments.length(index),
            segments.firstTile(index),
            segments.step(index),
            segments.group(index),
            active));
  }

  /**
   * Returns a first moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   */
  public Tensor expAvg(String parameter) {
    return expAvgViews.get(store.index(parameter));
  }

  /**
   * Returns a second moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   */
  public Tensor expAvgSq(String parameter) {
    return expAvgSqViews.get(store.index(parameter));
  }

  /**
   * Returns the maximum of a second moment, to be saved or restored.
   *
   * @param parameter the parameter's name
   * @return a view of it, owned by the optimizer
   * @throws IllegalStateException if no group uses amsgrad
   */
  public Tensor maxExpAvgSq(String parameter) {
    if (maxExpAvgSq == null) {
      throw new IllegalStateException(
          "maxExpAvgSq exists only with amsgrad, and no group uses it.");
    }
    return maxExpAvgSqViews.get(store.index(parameter));
  }

  /**
   * Reads the step numbers and waits.
   *
   * @return the steps taken, per parameter in the store's order
   */
  public long[] steps() {
    AdamTables.Segments segments = AdamTables.segments(downloadSegments());
    long[] steps = new long[store.entries().size()];
    Arrays.setAll(steps, segments::step);
    return steps;
  }

  /**
   * Restores the step numbers.
   *
   * @param steps the steps taken, per parameter in the store's order, each at least 0
   * @throws IllegalArgumentException if the number of entries differs or one is negative
   */
  public void setSteps(long[] steps) {
    if (steps.length != store.entries().size() || Arrays.stream(steps).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "Step numbers are at least 0, one for each of %d parameters, got %s."
              .formatted(store.entries().size(), Arrays.toString(steps)));
    }
    changeSegments(segments -> {
      for (int s = 0; s < steps.length; s++) {
        segments.set(
            s,
            segments.offset(s),
            segments.length(s),
            segments.firstTile(s),
            steps[s],
            segments.group(s),
            segments.active(s));
      }
    });
  }

  /**
   * Returns what the reduction before the last step found.
   *
   * @return F32 {norm before clipping, clip coefficient, 1 if all gradients were finite else 0, 0};
   *     {0, 1, 1, 0} without clipNorm and skipNonFinite; owned by the optimizer
   */
  public Tensor control() {
    return control;
  }

  /** Frees the optimizer's state; the parameter store is the caller's. */
  @Override
  public void close() {
    expAvgViews.forEach(Tensor::close);
    expAvgSqViews.forEach(Tensor::close);
    maxExpAvgSqViews.forEach(Tensor::close);
    if (maxExpAvgSq != null) {
      maxExpAvgSq.close();
    }
    for (Tensor tensor : List.of(expAvg, expAvgSq, segmentTable, groupTable, ticket, control)) {
      tensor.close();
    }
  }

  /**
   * Takes one step over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters without amsgrad
   * @throws IllegalArgumentException if lengths differ, the step is negative, or amsgrad is set
   */
  public static void step(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      long step,
      AdamOptions options) {
    if (options.amsgrad()) {
      throw new IllegalArgumentException("amsgrad needs the array maxExpAvgSq.");
    }
    stepArrays(parameters, gradients, expAvg, expAvgSq, null, step, options);
  }

  /**
   * Takes one step with amsgrad over arrays, on the CPU, without an engine.
   *
   * @param parameters changed
   * @param gradients as many
   * @param expAvg first moments, as many, zeros at first; changed
   * @param expAvgSq second moments, as many, zeros at first; changed
   * @param maxExpAvgSq their maxima, as many, zeros at first; changed
   * @param step the number of steps taken before this one, 0 at first
   * @param options hyper-parameters; amsgrad is implied
   * @throws IllegalArgumentException if lengths differ or the step is negative
   */
  public static void step(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float[] maxExpAvgSq,
      long step,
      AdamOptions options) {
    stepArrays(
        parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, step, options.withAmsgrad(true));
  }

  private static void stepArrays(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] maxExpAvgSq,
      long step,
      AdamOptions options) {
    int n = parameters.length;
    if (gradients.length != n
        || expAvg.length != n
        || expAvgSq.length != n
        || (maxExpAvgSq != null && maxExpAvgSq.length != n)) {
      throw new IllegalArgumentException(
          "There are %d parameters, but %d gradients, %d first and %d second moments%s."
              .formatted(
                  n,
                  gradients.length,
                  expAvg.length,
                  expAvgSq.length,
                  maxExpAvgSq == null ? "" : ", " + maxExpAvgSq.length + " maxima"));
    }
    if (step < 0) {
      throw new IllegalArgumentException("The step number must be at least 0, got " + step + ".");
    }
    AdamCoefficients coefficients =
        AdamCoefficients.of(
            options.lr(),
            options.beta1(),
            options.beta2(),
            StrictMath.log(options.beta1()),
            StrictMath.log(options.beta2()),
            options.eps(),
            options.weightDecay(),
            options.flags(),
            step,
            1);
    Backends.arrays().adam(parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, coefficients);
  }

  private long fillSegments(MemorySegment memory, int[] groupOf) {
    AdamTables.Segments segments = AdamTables.segments(memory);
    long tiles = 0;
    for (int s = 0; s < groupOf.length; s++) {
      ParameterStore.Entry entry = store.entries().get(s);
      segments.set(s, entry.offset(), entry.length(), tiles, 0, groupOf[s], true);
      tiles += AdamArena.tiles(entry.length());
    }
    return tiles;
  }

  private void writeGroups() {
    AdamTables.Groups table = AdamTables.groups(groupCopy);
    for (int g = 0; g < groups.size(); g++) {
      AdamOptions o = groups.get(g).options();
      table.set(g, o.lr(), o.beta1(), o.beta2(), o.eps(), o.weightDecay(), o.flags());
    }
    groupTable.copyFrom(groupCopy);
  }

  private interface SegmentChange {
    void apply(AdamTables.Segments segments);
  }

  private void changeSegments(SegmentChange change) {
    MemorySegment memory = downloadSegments();
    change.apply(AdamTables.segments(memory));
    segmentTable.copyFrom(memory);
  }

  private MemorySegment downloadSegments() {
    MemorySegment memory = AdamTables.table(AdamArena.SEGMENT, store.entries().size());
    segmentTable.copyTo(memory);
    return memory;
  }

  private Tensor upload(MemorySegment table) {
    return engine.upload(table, DType.U8, Shape.of(table.byteSize())).detach();
  }

  private static int[] groupOfParameter(ParameterStore store, List<ParameterGroup> groups) {
    int[] groupOf = new int[store.entries().size()];
    Arrays.fill(groupOf, -1);
    for (int g = 0; g < groups.size(); g++) {
      for (String name : groups.get(g).parameters()) {
        int index = store.index(name);
        if (groupOf[index] != -1) {
          throw new IllegalArgumentException("Parameter '" + name + "' is in two groups.");
        }
        groupOf[index] = g;
      }
    }
    for (int i = 0; i < groupOf.length; i++) {
      if (groupOf[i] == -1) {
        throw new IllegalArgumentException(
            "Parameter '" + store.entries().get(i).name() + "' is in no group.");
      }
    }
    return groupOf;
  }

  /** Collects what an optimizer needs. */
  public static final class Builder {
    private final ParameterStore store;
    private List<ParameterGroup> groups;
    private float maxNorm = Float.POSITIVE_INFINITY;
    private boolean skipNonFinite;

    private Builder(ParameterStore store) {
      this.store = store;
      this.groups = List.of(new ParameterGroup(store.names(), new AdamOptions()));
    }

    /**
     * Puts all parameters into one group.
     *
     * @param options its hyper-parameters
     * @return this
     */
    public Builder options(AdamOptions options) {
      groups = List.of(new ParameterGroup(store.names(), options));
      return this;
    }

    /**
     * Sets the groups.
     *
     * @param parameterGroups every parameter of the store in exactly one of them
     * @return this
     */
    public Builder groups(List<ParameterGroup> parameterGroups) {
      groups = List.copyOf(parameterGroups);
      return this;
    }

    /**
     * Scales all gradients down when their common norm exceeds a bound: by min(1, maxNorm / (norm +
     * 1e-6)), as PyTorch's {@code clip_grad_norm_}. Off by default.
     *
     * @param bound the largest norm, above 0
     * @return this
     * @throws IllegalArgumentException if out of range
     */
    public Builder clipNorm(double bound) {
      if (!(bound > 0)) {
        throw new IllegalArgumentException("clipNorm must be above 0, got " + bound + ".");
      }
      maxNorm = (float) bound;
      return this;
    }

    /**
     * Leaves everything as it is when a gradient is not finite. Off by default, as in PyTorch.
     *
     * @param skip whether such steps are skipped
     * @return this
     */
    public Builder skipNonFinite(boolean skip) {
      skipNonFinite = skip;
      return this;
    }

    /**
     * Makes the optimizer.
     *
     * @return the optimizer, owned by the caller
     * @throws IllegalArgumentException if a parameter is in no group or in two
     */
    public Adam build() {
      return new Adam(this);
    }
  }
}
