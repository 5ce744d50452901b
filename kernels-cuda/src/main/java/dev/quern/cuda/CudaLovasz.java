package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossInput;
import dev.quern.spi.LovaszLayout;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.Span;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code lovasz.cu}. Scratch memory: {@link LovaszLayout}; the counts' place takes the
 * foreground of the sorted chunks, and the unsorted half their losses.
 */
final class CudaLovasz implements LovaszPlan {
  /** The entries of {@code lovasz.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "lovasz_clear",
              pointer("lists"),
              pointer("gradient"),
              int64("list_count"),
              int64("n")),
          Signature.of(
              "lovasz_errors",
              pointer("logits"),
              pointer("target"),
              pointer("classes"),
              pointer("keys"),
              pointer("payloads"),
              pointer("lists"),
              int64("n"),
              int64("length"),
              int64("pixels"),
              int64("ignored"),
              int32("ignores"),
              int32("target_dtype"),
              int32("kind"),
              int32("class_count"),
              int32("list_classes")),
          Signature.of(
              "lovasz_histogram",
              pointer("keys"),
              pointer("lists"),
              pointer("counts"),
              int64("length"),
              int64("chunks"),
              int32("shift")),
          Signature.of(
              "lovasz_weights",
              pointer("lists"),
              int64("list_count"),
              int32("list_classes"),
              int32("present_only")),
          Signature.of(
              "lovasz_scan",
              pointer("counts"),
              pointer("totals"),
              pointer("lists"),
              int64("rows"),
              int64("chunks"),
              int32("rows_per_list"),
              int32("lanes"),
              int32("compacted")),
          Signature.of(
              "lovasz_scatter",
              pointer("keys"),
              pointer("payloads"),
              pointer("sorted_keys"),
              pointer("sorted_payloads"),
              pointer("lists"),
              pointer("counts"),
              pointer("totals"),
              int64("length"),
              int64("chunks"),
              int32("shift")),
          Signature.of(
              "lovasz_foreground",
              pointer("keys"),
              pointer("lists"),
              pointer("counts"),
              int64("length"),
              int64("chunks")),
          Signature.of(
              "lovasz_gradient",
              pointer("keys"),
              pointer("payloads"),
              pointer("lists"),
              pointer("counts"),
              pointer("classes"),
              pointer("upstream"),
              pointer("gradient"),
              pointer("partials"),
              int64("length"),
              int64("chunks"),
              int64("pixels"),
              int32("class_count"),
              int32("list_classes")),
          Signature.of(
              "lovasz_total",
              pointer("partials"),
              pointer("lists"),
              pointer("value"),
              pointer("fault"),
              int64("list_count"),
              int64("length"),
              int64("chunks"),
              int32("list_classes")),
          Signature.of(
              "lovasz_softmax_gradient",
              pointer("logits"),
              pointer("target"),
              pointer("gradient"),
              int64("n"),
              int64("pixels"),
              int64("ignored"),
              int32("ignores"),
              int32("target_dtype"),
              int32("class_count")));

  private static final int DIGIT_BITS = 8;

  /** The errors take 31 bits of the keys. */
  private static final int KEY_BITS = 31;

  private final LovaszSpec spec;
  private final @Nullable Span listed;
  private final FamilyModule module;
  private final int kind;
  private final int targetDtype;
  private final long ignored;
  private final int ignores;

  CudaLovasz(LovaszSpec spec, @Nullable Span listed, FamilyModule module) {
    this.spec = spec;
    this.listed = listed;
    this.module = module;
    this.kind = LovaszLayout.kindCode(spec);
    this.targetDtype = spec.targetDtype().code();
    Integer ignoreIndex = spec.ignoreIndex();
    this.ignored = ignoreIndex == null ? 0 : ignoreIndex;
    this.ignores = ignoreIndex == null ? 0 : 1;
  }

  @Override
  public LovaszSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return LovaszLayout.of(spec, extent).scratchBytes();
  }

  @Override
  public void forward(
      Span logits, Span target, LossExtent extent, Span value, Span fault, Span scratch) {
    run(logits, target, LovaszLayout.of(spec, extent), null, value, null, fault, scratch);
  }

  @Override
  public void forwardBackward(
      Span logits,
      Span target,
      LossExtent extent,
      Span upstream,
      Span value,
      Span gradient,
      Span fault,
      Span scratch) {
    LovaszLayout layout = LovaszLayout.of(spec, extent);
    run(logits, target, layout, upstream, value, gradient, fault, scratch);
    if (spec.kind() == LovaszSpec.Kind.SOFTMAX && spec.input() == LossInput.LOGITS) {
      module.launch(
          module
              .kernel("lovasz_softmax_gradient")
              .tensor(logits)
              .tensor(target)
              .tensor(gradient)
              .scalar(target.length())
              .scalar(layout.pixels())
              .scalar(ignored)
              .scalar(ignores)
              .scalar(targetDtype)
              .scalar(layout.classes()),
          LaunchGeometry.tiles(target.length()));
    }
  }

  private void run(
      Span logits,
      Span target,
      LovaszLayout layout,
      @Nullable Span upstream,
      Span value,
      @Nullable Span gradient,
      Span fault,
      Span scratch) {
    var lists = new Lists(layout, scratch);
    lists.clear(gradient);
    lists.errors(logits, target);
    lists.histogram(0, 0);
    lists.weights();
    lists.sort();
    lists.foreground();
    lists.gradient(upstream, gradient);
    lists.total(value, fault);
  }

  /** The lists of one call. */
  private final class Lists {
    private final LovaszLayout layout;
    private final Span scratch;

    Lists(LovaszLayout layout, Span scratch) {
      this.layout = layout;
      this.scratch = scratch;
    }

    void clear(@Nullable Span gradient) {
      long n = gradient == null ? 0 : gradient.length();
      Kernel kernel = records(module.kernel("lovasz_clear"));
      module.launch(
          kernel.tensorOrNull(gradient).scalar(layout.count()).scalar(n),
          LaunchGeometry.tiles(Math.max(layout.count(), n)));
    }

    void errors(Span logits, Span target) {
      Kernel kernel =
          module.kernel("lovasz_errors").tensor(logits).tensor(target).tensorOrNull(listed);
      module.launch(
          records(pairs(kernel, 0))
              .scalar(target.length())
              .scalar(layout.length())
              .scalar(layout.pixels())
              .scalar(ignored)
              .scalar(ignores)
              .scalar(targetDtype)
              .scalar(kind)
              .scalar(layout.classes())
              .scalar(layout.listClasses()),
          LaunchGeometry.tiles(target.length()));
    }

    void histogram(int from, int shift) {
      Kernel kernel = records(keys(module.kernel("lovasz_histogram"), from));
      module.launch(
          counts(kernel).scalar(layout.length()).scalar(layout.chunks()).scalar(shift), chunks());
    }

    void weights() {
      boolean presentOnly = kind != 0 && spec.classes() == LovaszSpec.Classes.PRESENT;
      module.launch(
          records(module.kernel("lovasz_weights"))
              .scalar(layout.count())
              .scalar(layout.listClasses())
              .scalar(presentOnly ? 1 : 0),
          LaunchGeometry.tiles(layout.count()));
    }

    /** The digits of the first pass are counted already. */
    void sort() {
      int from = 0;
      for (int shift = 0; shift < KEY_BITS; shift += DIGIT_BITS) {
        if (layout.chunks() > 1) {
          if (shift > 0) {
            histogram(from, shift);
          }
          scan(LovaszLayout.DIGITS, shift > 0);
        }
        scatter(from, shift);
        from = 1 - from;
      }
    }

    /** Sums the counts of each row over the chunks. */
    private void scan(int rowsPerList, boolean compacted) {
      int group = LaunchGeometry.THREADS;
      long lanes = Math.min(group, Long.highestOneBit(2 * layout.chunks() - 1));
      long rows = layout.count() * rowsPerList;
      Kernel kernel = counts(module.kernel("lovasz_scan"));
      module.launch(
          records(rowsPerList == 1 ? kernel.tensorOrNull(null) : totals(kernel))
              .scalar(rows)
              .scalar(layout.chunks())
              .scalar(rowsPerList)
              .scalar((int) lanes)
              .scalar(compacted ? 1 : 0),
          Math.ceilDiv(rows, group / lanes));
    }

    private void scatter(int from, int shift) {
      Kernel kernel = pairs(pairs(module.kernel("lovasz_scatter"), from), 1 - from);
      module.launch(
          totals(counts(records(kernel)))
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(shift),
          chunks());
    }

    void foreground() {
      if (layout.chunks() > 1) {
        Kernel kernel = records(keys(module.kernel("lovasz_foreground"), 0));
        module.launch(counts(kernel).scalar(layout.length()).scalar(layout.chunks()), chunks());
        scan(1, true);
      }
    }

    void gradient(@Nullable Span upstream, @Nullable Span gradient) {
      Kernel kernel = records(pairs(module.kernel("lovasz_gradient"), 0));
      module.launch(
          losses(counts(kernel).tensorOrNull(listed).tensorOrNull(upstream).tensorOrNull(gradient))
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(layout.pixels())
              .scalar(layout.classes())
              .scalar(layout.listClasses()),
          chunks());
    }

    void total(Span value, Span fault) {
      module.launch(
          records(losses(module.kernel("lovasz_total")))
              .tensor(value)
              .tensor(fault)
              .scalar(layout.count())
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(layout.listClasses()),
          1);
    }

    private long chunks() {
      return layout.count() * layout.chunks();
    }

    private Kernel records(Kernel kernel) {
      return kernel.scratch(scratch, 0);
    }

    /**
     * The keys of a half: 0 is the one that the errors are in, and after four passes the sorted.
     */
    private Kernel keys(Kernel kernel, int half) {
      return kernel.scratch(scratch, layout.part(2 * half));
    }

    private Kernel pairs(Kernel kernel, int half) {
      return keys(kernel, half).scratch(scratch, layout.part(2 * half + 1));
    }

    private Kernel losses(Kernel kernel) {
      return kernel.scratch(scratch, layout.part(2));
    }

    private Kernel counts(Kernel kernel) {
      return layout.chunks() > 1
          ? kernel.scratch(scratch, layout.counts())
          : kernel.tensorOrNull(null);
    }

    private Kernel totals(Kernel kernel) {
      return layout.chunks() > 1
          ? kernel.scratch(scratch, layout.totals())
          : kernel.tensorOrNull(null);
    }
  }
}
