package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Buffer;
import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.layout.LossGrid;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code segmentation.cu} and {@code segmentation_classes.cu}; {@link LossGrid} says how
 * work and scratch memory are cut.
 */
final class CudaFusedLoss implements FusedLossPlan {
  /** The entries of {@code segmentation.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "segmentation_element_sums",
              pointer("logits"),
              pointer("target"),
              pointer("weight"),
              pointer("options"),
              pointer("partials"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("chunks"),
              int32("rounds"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_element_one_pass",
              pointer("logits"),
              pointer("target"),
              pointer("weight"),
              pointer("options"),
              pointer("coefficients"),
              pointer("gradient"),
              pointer("partials"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("chunks"),
              int32("rounds"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_totals",
              pointer("partials"),
              pointer("sums"),
              pointer("segment_counts"),
              int64("chunks"),
              int64("known")),
          Signature.of(
              "segmentation_epilogue",
              pointer("sums"),
              pointer("segment_counts"),
              pointer("faults"),
              pointer("options"),
              pointer("upstream"),
              pointer("value"),
              pointer("coefficients"),
              pointer("counts"),
              pointer("fault"),
              int64("pools"),
              int32("classes"),
              int32("terms"),
              int64("elements"),
              int64("fault_count")),
          Signature.of(
              "segmentation_element_gradient",
              pointer("logits"),
              pointer("target"),
              pointer("weight"),
              pointer("options"),
              pointer("coefficients"),
              pointer("gradient"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("tiles"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_element_losses",
              pointer("logits"),
              pointer("target"),
              pointer("weight"),
              pointer("options"),
              pointer("losses"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("chunks"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of("segmentation_faults", pointer("faults"), pointer("fault"), int64("count")));

  /** The entries of {@code segmentation_classes.cu} and their parameter structures. */
  static final List<Signature> CLASS_SIGNATURES =
      List.of(
          Signature.of(
              "segmentation_class_sums",
              pointer("logits"),
              pointer("target"),
              pointer("options"),
              pointer("partials"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("chunks"),
              int32("rounds"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_class_one_pass",
              pointer("logits"),
              pointer("target"),
              pointer("options"),
              pointer("coefficients"),
              pointer("gradient"),
              pointer("partials"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("chunks"),
              int32("rounds"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_class_gradient",
              pointer("logits"),
              pointer("target"),
              pointer("options"),
              pointer("coefficients"),
              pointer("gradient"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("tiles"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")),
          Signature.of(
              "segmentation_class_losses",
              pointer("logits"),
              pointer("target"),
              pointer("options"),
              pointer("losses"),
              pointer("faults"),
              int64("images"),
              int32("classes"),
              int64("pixels"),
              int64("tiles"),
              int32("terms"),
              int32("logits_dtype"),
              int32("target_dtype")));

  private final FusedLossSpec spec;
  private final Buffer table;
  private final FamilyModule elements;
  private final FamilyModule classes;
  private final boolean ofElements;

  CudaFusedLoss(FusedLossSpec spec, Buffer table, FamilyModule elements, FamilyModule classes) {
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
      long tiles = LaunchGeometry.tiles(grid.images() * grid.pixels());
      Kernel kernel = operands("gradient", operands).scratch(scratch, 0).tensor(gradient);
      launch(extent(kernel, grid).scalar(tiles), parts(grid) * tiles);
    }
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    LossGrid grid = grid(operands.extent());
    Kernel kernel = operands("losses", operands).tensor(losses).scratch(scratch, 0);
    long rounds = Math.ceilDiv(grid.images() * grid.pixels(), round());
    launch(extent(kernel, grid).scalar(rounds), grid.unchunked());
    elements.launch(
        elements
            .kernel("segmentation_faults")
            .scratch(scratch, 0)
            .tensor(fault)
            .scalar(grid.unchunked()),
        1);
  }

  /** Pass 1, or both passes in one if there is a gradient. */
  private void sums(LossOperands operands, @Nullable Span gradient, LossGrid grid, Span scratch) {
    Kernel kernel = operands(gradient == null ? "sums" : "one_pass", operands);
    if (gradient != null) {
      kernel.scratch(scratch, 0).tensor(gradient);
    }
    kernel.scratch(scratch, grid.partials()).scratch(scratch, grid.faults());
    launch(extent(kernel, grid).scalar(grid.chunks()).scalar(grid.rounds()), grid.groups());
  }

  /** Adds up the records, or takes what is known beforehand: the number of a segment's elements. */
  private void totals(LossGrid grid, long known, Span scratch) {
    elements.launch(
        elements
            .kernel("segmentation_totals")
            .scratch(scratch, grid.partials())
            .scratch(scratch, grid.sums())
            .scratch(scratch, grid.counts())
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
            .scratch(scratch, grid.sums())
            .scratch(scratch, grid.counts())
            .scratch(scratch, grid.faults())
            .pointer(table, 0)
            .tensorOrNull(upstream)
            .tensor(value)
            .scratch(scratch, 0)
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
    Kernel kernel = module().kernel(name).tensor(operands.logits()).tensor(operands.target());
    if (ofElements) {
      kernel.tensorOrNull(operands.weight());
    }
    return kernel.pointer(table, 0);
  }

  private Kernel extent(Kernel kernel, LossGrid grid) {
    return kernel.scalar(grid.images()).scalar(grid.classes()).scalar(grid.pixels());
  }

  private void launch(Kernel kernel, long groups) {
    module()
        .launch(
            kernel
                .scalar(spec.terms().size())
                .scalar(spec.logitsDtype().code())
                .scalar(spec.targetDtype().code()),
            groups);
  }

  private FamilyModule module() {
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
    return ofElements ? LaunchGeometry.CHUNK : LaunchGeometry.TILE;
  }
}
