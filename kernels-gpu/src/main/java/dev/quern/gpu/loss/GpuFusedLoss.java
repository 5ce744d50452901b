package dev.quern.gpu.loss;

import dev.quern.gpu.host.DeviceTable;
import dev.quern.gpu.host.Geometry;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.FusedLossLayout;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code segmentation} and {@code segmentation_classes}; {@link FusedLossLayout} says how
 * work and scratch memory are cut.
 */
final class GpuFusedLoss implements FusedLossPlan {
  private final FusedLossSpec spec;
  private final DeviceTable table;
  private final GpuFamily common;
  private final GpuFamily passes;
  private final boolean ofElements;

  /**
   * Prepares a loss.
   *
   * @param common has the kernels that all layouts share
   * @param passes has the passes over the pixels
   */
  GpuFusedLoss(FusedLossSpec spec, DeviceTable table, GpuFamily common, GpuFamily passes) {
    this.spec = spec;
    this.table = table;
    this.common = common;
    this.passes = passes;
    this.ofElements = spec.layout() == FusedLossSpec.Layout.ELEMENTS;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public List<DeviceBuffer> kept() {
    return table.kept();
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return layout(extent).bytes();
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    FusedLossLayout layout = layout(operands.extent());
    sums(operands, null, layout, scratch);
    totals(layout, -1, scratch);
    epilogue(operands, null, value, counts, fault, layout, layout.groups(), scratch);
  }

  @Override
  public void forwardBackward(
      LossOperands operands,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    FusedLossLayout layout = layout(operands.extent());
    boolean onePass = spec.isOnePass();
    if (onePass) {
      totals(layout, layout.images() * layout.pixels(), scratch);
      epilogue(operands, upstream, value, null, fault, layout, 0, scratch);
    }
    sums(operands, onePass ? gradient : null, layout, scratch);
    totals(layout, -1, scratch);
    epilogue(operands, upstream, value, counts, fault, layout, layout.groups(), scratch);
    if (!onePass) {
      long tiles = common.geometry().tiles(layout.images() * layout.pixels());
      Launch kernel =
          operands("gradient", operands).scratch(scratch, 0, Float.BYTES).tensor(gradient);
      enqueue(extent(kernel, layout).scalar(tiles), parts(layout) * tiles);
    }
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    FusedLossLayout layout = layout(operands.extent());
    Launch kernel = operands("losses", operands).tensor(losses).scratch(scratch, 0, Long.BYTES);
    long rounds = Math.ceilDiv(layout.images() * layout.pixels(), round());
    enqueue(extent(kernel, layout).scalar(rounds), layout.unchunked());
    common
        .kernel("segmentation_faults")
        .scratch(scratch, 0, Long.BYTES)
        .tensor(fault)
        .scalar(layout.unchunked())
        .enqueue(1);
  }

  /** Pass 1, or both passes in one if there is a gradient. */
  private void sums(
      LossOperands operands, @Nullable Span gradient, FusedLossLayout layout, Span scratch) {
    Launch kernel = operands(gradient == null ? "sums" : "one_pass", operands);
    if (gradient != null) {
      kernel.scratch(scratch, 0, Float.BYTES).tensor(gradient);
    }
    kernel
        .scratch(scratch, layout.partials(), Double.BYTES)
        .scratch(scratch, layout.faults(), Long.BYTES);
    enqueue(
        extent(kernel, layout).scalar(layout.chunks()).scalar(layout.rounds()), layout.groups());
  }

  /** Adds up the records, or takes what is known beforehand: the number of a segment's elements. */
  private void totals(FusedLossLayout layout, long known, Span scratch) {
    common
        .kernel("segmentation_totals")
        .scratch(scratch, layout.partials(), Double.BYTES)
        .scratch(scratch, layout.sums(), Double.BYTES)
        .scratch(scratch, layout.counts(), Double.BYTES)
        .scalar(layout.chunks())
        .scalar(known)
        .enqueue(layout.segments());
  }

  private void epilogue(
      LossOperands operands,
      @Nullable Span upstream,
      Span value,
      @Nullable Span counts,
      Span fault,
      FusedLossLayout layout,
      long faults,
      Span scratch) {
    common
        .kernel("segmentation_epilogue")
        .scratch(scratch, layout.sums(), Double.BYTES)
        .scratch(scratch, layout.counts(), Double.BYTES)
        .scratch(scratch, layout.faults(), Long.BYTES)
        .tensor(table.span())
        .tensorOrNull(upstream)
        .tensor(value)
        .scratch(scratch, 0, Float.BYTES)
        .tensorOrNull(counts)
        .tensor(fault)
        .scalar(layout.pools())
        .scalar(layout.classes())
        .scalar(spec.terms().size())
        .scalar(operands.extent().elements())
        .scalar(faults)
        .enqueue(1);
  }

  /** Starts a kernel over the pixels with what it reads. */
  private Launch operands(String what, LossOperands operands) {
    String name = (ofElements ? "segmentation_element_" : "segmentation_class_") + what;
    Launch kernel = passes.kernel(name).tensor(operands.logits()).tensor(operands.target());
    if (ofElements) {
      kernel.tensorOrNull(operands.weight());
    }
    return kernel.tensor(table.span());
  }

  private static Launch extent(Launch kernel, FusedLossLayout layout) {
    return kernel.scalar(layout.images()).scalar(layout.classes()).scalar(layout.pixels());
  }

  private void enqueue(Launch kernel, long groups) {
    kernel
        .scalar(spec.terms().size())
        .scalar(spec.logitsDtype().code())
        .scalar(spec.targetDtype().code())
        .enqueue(groups);
  }

  /** The number of parts of the batch that are cut one by one: segments or pools. */
  private long parts(FusedLossLayout layout) {
    return ofElements ? layout.segments() : layout.pools();
  }

  private FusedLossLayout layout(LossExtent extent) {
    return FusedLossLayout.of(spec, extent, round());
  }

  private long round() {
    Geometry geometry = common.geometry();
    return ofElements ? geometry.chunk() : geometry.tile();
  }
}
