package dev.quern.opencl;

import dev.quern.gpu.layout.LossGrid;
import dev.quern.opencl.host.Buffer;
import dev.quern.opencl.host.Kernel;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code segmentation.cl} and {@code segmentation_classes.cl}; {@link LossGrid} says how
 * work and scratch memory are cut.
 */
final class OpenClFusedLoss implements FusedLossPlan {
  private final FusedLossSpec spec;
  private final Buffer table;
  private final FamilyProgram elements;
  private final FamilyProgram classes;
  private final boolean ofElements;

  OpenClFusedLoss(FusedLossSpec spec, Buffer table, FamilyProgram elements, FamilyProgram classes) {
    this.spec = spec;
    this.table = table;
    this.elements = elements;
    this.classes = classes;
    this.ofElements = spec.layout() == FusedLossSpec.Layout.ELEMENTS;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return grid(extent).bytes();
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    LossGrid grid = grid(operands.extent());
    sums(operands, null, grid, scratch);
    totals(grid, -1, scratch);
    epilogue(operands, null, value, counts, fault, grid, grid.groups(), scratch);
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
    LossGrid grid = grid(operands.extent());
    boolean onePass = spec.isOnePass();
    if (onePass) {
      totals(grid, grid.images() * grid.pixels(), scratch);
      epilogue(operands, upstream, value, null, fault, grid, 0, scratch);
    }
    sums(operands, onePass ? gradient : null, grid, scratch);
    totals(grid, -1, scratch);
    epilogue(operands, upstream, value, counts, fault, grid, grid.groups(), scratch);
    if (!onePass) {
      long tiles = elements.geometry().tiles(grid.images() * grid.pixels());
      Kernel kernel =
          operands("gradient", operands).scratch(scratch, 0, Float.BYTES).tensor(gradient);
      launch(extent(kernel, grid).scalar(tiles), parts(grid) * tiles);
    }
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    LossGrid grid = grid(operands.extent());
    Kernel kernel = operands("losses", operands).tensor(losses).scratch(scratch, 0, Long.BYTES);
    long rounds = Math.ceilDiv(grid.images() * grid.pixels(), round());
    launch(extent(kernel, grid).scalar(rounds), grid.unchunked());
    elements.launch(
        elements
            .kernel("segmentation_faults")
            .scratch(scratch, 0, Long.BYTES)
            .tensor(fault)
            .scalar(grid.unchunked()),
        1);
  }

  /** Pass 1, or both passes in one if there is a gradient. */
  private void sums(LossOperands operands, @Nullable Span gradient, LossGrid grid, Span scratch) {
    Kernel kernel = operands(gradient == null ? "sums" : "one_pass", operands);
    if (gradient != null) {
      kernel.scratch(scratch, 0, Float.BYTES).tensor(gradient);
    }
    kernel
        .scratch(scratch, grid.partials(), Double.BYTES)
        .scratch(scratch, grid.faults(), Long.BYTES);
    launch(extent(kernel, grid).scalar(grid.chunks()).scalar(grid.rounds()), grid.groups());
  }

  /** Adds up the records, or takes what is known beforehand: the number of a segment's elements. */
  private void totals(LossGrid grid, long known, Span scratch) {
    elements.launch(
        elements
            .kernel("segmentation_totals")
            .scratch(scratch, grid.partials(), Double.BYTES)
            .scratch(scratch, grid.sums(), Double.BYTES)
            .scratch(scratch, grid.counts(), Double.BYTES)
            .scalar(grid.chunks())
            .scalar(known),
        grid.segments());
  }

  private void epilogue(
      LossOperands operands,
      @Nullable Span upstream,
      Span value,
      @Nullable Span counts,
      Span fault,
      LossGrid grid,
      long faults,
      Span scratch) {
    elements.launch(
        elements
            .kernel("segmentation_epilogue")
            .scratch(scratch, grid.sums(), Double.BYTES)
            .scratch(scratch, grid.counts(), Double.BYTES)
            .scratch(scratch, grid.faults(), Long.BYTES)
            .pointer(table, 0)
            .tensorOrNull(upstream)
            .tensor(value)
            .scratch(scratch, 0, Float.BYTES)
            .tensorOrNull(counts)
            .tensor(fault)
            .scalar(grid.pools())
            .scalar(grid.classes())
            .scalar(spec.terms().size())
            .scalar(operands.extent().elements())
            .scalar(faults),
        1);
  }

  /** Starts a kernel over the pixels with what it reads. */
  private Kernel operands(String what, LossOperands operands) {
    String name = (ofElements ? "segmentation_element_" : "segmentation_class_") + what;
    Kernel kernel = program().kernel(name).tensor(operands.logits()).tensor(operands.target());
    if (ofElements) {
      kernel.tensorOrNull(operands.weight());
    }
    return kernel.pointer(table, 0);
  }

  private Kernel extent(Kernel kernel, LossGrid grid) {
    return kernel.scalar(grid.images()).scalar(grid.classes()).scalar(grid.pixels());
  }

  private void launch(Kernel kernel, long groups) {
    program()
        .launch(
            kernel
                .scalar(spec.terms().size())
                .scalar(spec.logitsDtype().code())
                .scalar(spec.targetDtype().code()),
            groups);
  }

  private FamilyProgram program() {
    return ofElements ? elements : classes;
  }

  /** The number of parts of the batch that are cut one by one: segments or pools. */
  private long parts(LossGrid grid) {
    return ofElements ? grid.segments() : grid.pools();
  }

  private LossGrid grid(LossExtent extent) {
    return LossGrid.of(spec, extent, round());
  }

  private long round() {
    LaunchGeometry geometry = elements.geometry();
    return ofElements ? geometry.chunk() : geometry.tile();
  }
}
