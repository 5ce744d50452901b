package dev.quern.optim;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import dev.quern.spi.optim.GradientControl;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.OutsideTensors;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Updates the parameters of a {@link ParameterStore} from their gradients: one launch a step,
 * whatever the number of tensors. With {@link OptimizerBuilder#clipNorm}, {@link
 * OptimizerBuilder#lossScale} or {@link OptimizerBuilder#skipNonFinite} one reduction over the
 * gradients runs before it; if any gradient is not finite, the whole step then changes nothing,
 * step numbers and moving average included.
 *
 * <p>The order of a step: unscale, finite test, clip by norm, clip by value, maximize, then the
 * optimizer's own rule, then the moving average.
 *
 * @param <O> the hyper-parameters of a group
 */
public abstract sealed class Optimizer<O extends OptimizerOptions<O>> implements AutoCloseable
    permits Adam, Sgd {
  private final Engine engine;
  private final ParameterStore store;
  private final List<ParameterGroup<O>> groups;
  private final GroupWriter<O> writer;
  private final MemorySegment groupCopy;
  private final LossScaling scaling;
  private final double clipValue;
  private final double emaDecay;
  private final boolean reduces;
  private final Tensor gradientRule;
  private final @Nullable Tensor ema;
  private final List<Tensor> emaViews;
  private final Segments segments;
  private final Tensor groupTable;
  private final Tensor ticket;
  private final Tensor control;
  private final @Nullable Tensor pointers;
  private final Tensor parameterArena;
  private final Tensor gradientArena;
  private final List<Tensor> copiedParameters;
  private final List<Tensor> copiedGradients;
  private final OptimizerArena arena;

  /** Writes a group's options into the device table. */
  interface GroupWriter<O> {
    void write(O options, MemorySegment table, int g, double clipValue, double emaDecay);
  }

  /** Takes what the builder collected, and an empty table of as many groups with its writer. */
  Optimizer(OptimizerBuilder<O, ?> builder, MemorySegment groupCopy, GroupWriter<O> writer) {
    this.store = builder.store;
    this.engine = store.engine();
    this.groups = new ArrayList<>(builder.groups);
    this.groupCopy = groupCopy;
    this.writer = writer;
    this.clipValue = builder.clipValue;
    this.emaDecay = builder.emaDecay;
    int[] groupOf = groupOfParameter(store, groups);

    double scale = builder.lossScale;
    this.reduces = builder.skipNonFinite || builder.maxNorm < Double.POSITIVE_INFINITY || scale > 0;
    this.scaling = new LossScaling(engine, scale, builder.dynamicLossScale);
    this.gradientRule = upload(scaling.rule(builder.maxNorm).toTable());
    this.ema = emaDecay < 1 ? zeros() : null;
    this.emaViews = viewsOf(ema);
    copy(store.parameters(), emaViews);

    this.segments = new Segments(engine, store, groupOf);
    this.groupTable = upload(groupCopy);
    writeGroups();
    this.ticket = engine.zeros(DType.I32, Shape.of(1));
    this.control = engine.tensor(new float[] {0, 1, 1, 1, 1}, GradientControl.LENGTH);
    this.pointers = store.isOutside() ? pointers() : null;
    boolean copies = store.isOutside() && pointers == null;
    this.parameterArena = copies ? zeros() : store.parameterArena();
    this.gradientArena = copies ? zeros() : store.gradientArena();
    this.copiedParameters = viewsOf(copies ? parameterArena : null);
    this.copiedGradients = viewsOf(copies ? gradientArena : null);
    this.arena =
        new OptimizerArena(
            parameterArena.span(),
            gradientArena.span(),
            ema == null ? null : ema.span(),
            segments.span(),
            segments.parameters(),
            segments.tiles(),
            groupTable.span(),
            ticket.span(),
            pointers == null
                ? null
                : new OutsideTensors(
                    spans(store.parameters()), spans(store.gradients()), pointers.span()));
  }

  /** The device table by which steps reach the caller's tensors; null if they cannot. */
  private @Nullable Tensor pointers() {
    List<Span> parameters = spans(store.parameters());
    List<Span> gradients = spans(store.gradients());
    List<MemorySegment> tables = new ArrayList<>();
    engine.submit(b -> {
      MemorySegment table = b.optimizer().pointerTable(parameters, gradients);
      if (table != null) {
        tables.add(table);
      }
    });
    return tables.isEmpty() ? null : upload(tables.getFirst());
  }

  private static List<Span> spans(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::span).toList();
  }

  /** Copies as many tensors as there are targets. */
  private static void copy(List<Tensor> from, List<Tensor> to) {
    for (int i = 0; i < to.size(); i++) {
      to.get(i).copyFrom(from.get(i));
    }
  }

  /** Takes the optimizer's own step. */
  abstract void update(OptimizerKernels kernels, OptimizerArena arena, Span control);

  /** Refuses options that need memory which was not asked for when the optimizer was made. */
  abstract void requireState(O options);

  /** Updates every active parameter from its gradient; returns before the work is done. */
  public final void step() {
    copy(store.parameters(), copiedParameters);
    copy(store.gradients(), copiedGradients);
    if (reduces) {
      LossScale scale = scaling.operand();
      engine.submitWithScratch(
          b -> b.optimizer().scratchBytes(arena),
          (b, scratch) ->
              b.optimizer()
                  .gradientNorm(arena, scale, gradientRule.span(), control.span(), scratch));
    }
    engine.submit(b -> update(b.optimizer(), arena, control.span()));
    (store.isOutside() ? store.parameters() : List.of(store.parameterArena()))
        .forEach(Tensor::markWritten);
    if (!copiedParameters.isEmpty()) {
      copy(copiedParameters, store.parameters());
    }
  }

  /**
   * Returns the parameter groups with their present options.
   *
   * @return the groups
   */
  public final List<ParameterGroup<O>> groups() {
    return List.copyOf(groups);
  }

  /**
   * Changes a learning rate for the steps that follow.
   *
   * @param group the group's index
   * @param lr the learning rate, finite and at least 0
   * @throws IllegalArgumentException if out of range
   */
  public final void setLearningRate(int group, double lr) {
    if (groups.get(group).options().lr() != lr) {
      setOptions(group, groups.get(group).options().withLr(lr));
    }
  }

  /**
   * Changes all hyper-parameters of a group for the steps that follow.
   *
   * @param group the group's index
   * @param options the new ones
   * @throws IllegalArgumentException if they need state that no group needed when the optimizer was
   *     made
   */
  public final void setOptions(int group, O options) {
    requireState(options);
    groups.set(group, new ParameterGroup<>(groups.get(group).parameters(), options));
    writeGroups();
  }

  /**
   * Changes all hyper-parameters of all groups for the steps that follow, or none.
   *
   * @param options the new ones, one for each group
   * @throws IllegalArgumentException if their number differs from that of the groups, or they need
   *     state that no group needed when the optimizer was made; nothing is changed then
   */
  public final void setOptions(List<O> options) {
    if (options.size() != groups.size()) {
      throw new IllegalArgumentException(
          "There are %d groups, but %d options; give one for each group."
              .formatted(groups.size(), options.size()));
    }
    options.forEach(this::requireState);
    for (int g = 0; g < options.size(); g++) {
      groups.set(g, new ParameterGroup<>(groups.get(g).parameters(), options.get(g)));
    }
    writeGroups();
  }

  /**
   * Says whether a parameter has a gradient in the steps that follow; without one it is skipped
   * wholly: no decay, no moments, no step count; only the moving average goes on. All are active at
   * first. Does not wait for the device.
   *
   * @param parameter its name
   * @param active whether it takes part
   */
  public final void setActive(String parameter, boolean active) {
    segments.setActive(store.index(parameter), active);
  }

  /**
   * Reads the step numbers and waits.
   *
   * @return the steps taken, per parameter in the store's order
   */
  public final long[] steps() {
    return segments.steps();
  }

  /**
   * Restores the step numbers. Momentum buffers of parameters that have taken steps, in groups with
   * momentum, then count as holding something; see {@link Sgd#setBuffered}.
   *
   * @param steps the steps taken, per parameter in the store's order, each at least 0
   * @throws IllegalArgumentException if the number of entries differs or one is negative
   */
  public final void setSteps(long[] steps) {
    segments.setSteps(steps, group -> hasMomentum(groups.get(group).options()));
  }

  private static boolean hasMomentum(OptimizerOptions<?> options) {
    return options instanceof SgdOptions sgd && sgd.momentum() > 0;
  }

  final boolean[] readBuffered() {
    return segments.buffered();
  }

  final void writeBuffered(boolean[] buffered) {
    segments.setBuffered(buffered);
  }

  /**
   * Returns what the reduction before the last step found.
   *
   * @return F32 {norm before clipping of the unscaled gradients, infinite where F32 cannot hold it;
   *     clip coefficient; 1 if all gradients were finite else 0; and two numbers whose product is
   *     clip coefficient / loss scale, the second 2^-126 where F32 could not hold the product and
   *     else 1}; {0, 1, 1, 1, 1} without reduction; owned by the optimizer
   */
  public final Tensor control() {
    return control;
  }

  /**
   * Returns the loss scale, to be the upstream gradient of the loss.
   *
   * @return F32, one element, owned by the optimizer; written only through {@link #setLossScale},
   *     and by every step if it is a {@link DynamicLossScale}
   * @throws IllegalStateException if none was set when the optimizer was made
   */
  public final Tensor lossScale() {
    return scaling.scale();
  }

  /**
   * Changes the loss scale for what follows.
   *
   * @param scale what the gradients are multiplied by, at least 1 and at most 2^126; of a {@link
   *     DynamicLossScale} between its limits
   * @throws IllegalArgumentException if out of range
   * @throws IllegalStateException if none was set when the optimizer was made
   */
  public final void setLossScale(double scale) {
    scaling.set(scale);
  }

  /**
   * Tells whether the loss scale moves by itself.
   *
   * @return whether the optimizer was made with a {@link DynamicLossScale}
   */
  public final boolean hasDynamicLossScale() {
    return scaling.isDynamic();
  }

  /**
   * Returns how the loss scale moves.
   *
   * @return what the optimizer was made with
   * @throws IllegalStateException if the loss scale does not move by itself
   */
  public final DynamicLossScale dynamicLossScale() {
    return scaling.dynamic();
  }

  /**
   * Reads where the dynamic loss scale stands, to be saved, and waits.
   *
   * @return its state
   * @throws IllegalStateException if the loss scale does not move by itself
   */
  public final DynamicLossScale.State lossScaleState() {
    return scaling.state();
  }

  /**
   * Puts the dynamic loss scale where it stood.
   *
   * @param state as {@link #lossScaleState} gave it
   * @throws IllegalArgumentException if the scale is not between the limits
   * @throws IllegalStateException if the loss scale does not move by itself
   */
  public final void setLossScaleState(DynamicLossScale.State state) {
    scaling.set(state);
  }

  /**
   * Returns the moving average of a parameter.
   *
   * @param parameter its name
   * @return a view of it, owned by the optimizer
   * @throws IllegalStateException if no average is kept
   */
  public final Tensor ema(String parameter) {
    int index = store.index(parameter);
    if (ema == null) {
      throw new IllegalStateException(
          "No moving average is kept; ask for it with emaDecay on the builder.");
    }
    return emaViews.get(index);
  }

  /**
   * Tells whether moving averages of the parameters are kept.
   *
   * @return whether {@link #ema} has something to return
   */
  public final boolean hasEma() {
    return ema != null;
  }

  /**
   * Returns the parameters.
   *
   * @return the store, which is the caller's
   */
  public final ParameterStore store() {
    return store;
  }

  /** Frees the optimizer's state; the parameter store is the caller's. */
  @Override
  public void close() {
    emaViews.forEach(Tensor::close);
    scaling.close();
    segments.close();
    if (!copiedParameters.isEmpty()) {
      copiedParameters.forEach(Tensor::close);
      copiedGradients.forEach(Tensor::close);
      parameterArena.close();
      gradientArena.close();
    }
    for (Tensor tensor : Arrays.asList(ema, gradientRule, groupTable, ticket, control, pointers)) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }

  /** An arena as long as the parameters', of zeros. */
  final Tensor zeros() {
    return engine.zeros(DType.F32, Shape.of(store.arenaLength()));
  }

  /** The parameters' views of an arena; none of no arena. */
  final List<Tensor> viewsOf(@Nullable Tensor arenaTensor) {
    return arenaTensor == null ? List.of() : store.views(arenaTensor);
  }

  /** The flags that do not depend on the optimizer. */
  static int sharedFlags(boolean maximize, double clipValue, double emaDecay) {
    return (maximize ? OptimizerFlags.MAXIMIZE : 0)
        | (clipValue < Double.POSITIVE_INFINITY ? OptimizerFlags.CLIP_VALUE : 0)
        | (emaDecay < 1 ? OptimizerFlags.EMA : 0);
  }

  private void writeGroups() {
    for (int g = 0; g < groups.size(); g++) {
      writer.write(groups.get(g).options(), groupCopy, g, clipValue, emaDecay);
    }
    groupTable.copyFrom(groupCopy);
  }

  private Tensor upload(MemorySegment table) {
    return engine.upload(table, DType.U8, Shape.of(table.byteSize()));
  }

  private static <O extends OptimizerOptions<O>> int[] groupOfParameter(
      ParameterStore store, List<ParameterGroup<O>> groups) {
    int[] groupOf = new int[store.names().size()];
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
            "Parameter '" + store.names().get(i) + "' is in no group.");
      }
    }
    return groupOf;
  }
}
