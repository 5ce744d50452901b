package dev.quern.opencl;

import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.opencl.host.Kernel;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code lovasz_errors.cl}, {@code lovasz_sort.cl} and {@code lovasz_gradient.cl}. Scratch
 * memory: {@link LovaszLayout}, and, if lists have several chunks, their counts of each digit and
 * the sums of these. The counts' place takes the foreground of the sorted chunks, and the unsorted
 * half their losses.
 */
final class OpenClLovasz implements LovaszPlan {
  /** The programs of the family. */
  record Programs(FamilyProgram errors, FamilyProgram sort, FamilyProgram gradient) {
    private LaunchGeometry geometry() {
      return errors.geometry();
    }

    private void launch(Kernel kernel, long groups) {
      errors.launch(kernel, groups);
    }
  }

  private static final int DIGIT_BITS = 8;

  /** The errors take 31 bits of the keys. */
  private static final int KEY_BITS = 31;

  private final LovaszSpec spec;
  private final @Nullable Span listed;
  private final Programs programs;
  private final int kind;
  private final int targetDtype;
  private final long ignored;
  private final int ignores;

  OpenClLovasz(LovaszSpec spec, @Nullable Span listed, Programs programs) {
    this.spec = spec;
    this.listed = listed;
    this.programs = programs;
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
    return scratchBytes(LovaszLayout.of(spec, extent));
  }

  static long scratchBytes(LovaszLayout layout) {
    return layout.chunks() > 1
        ? totalsStart(layout) + layout.count() * LovaszLayout.DIGITS * Integer.BYTES
        : Math.max(1, layout.end());
  }

  /** Where the counts' sums lie: behind the counts, one per list, digit and chunk. */
  private static long totalsStart(LovaszLayout layout) {
    return layout.end() + layout.count() * LovaszLayout.DIGITS * layout.chunks() * Integer.BYTES;
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
      programs.launch(
          programs
              .errors()
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
          programs.geometry().tiles(target.length()));
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
      Kernel kernel = records(programs.errors().kernel("lovasz_clear"));
      programs.launch(
          kernel.tensorOrNull(gradient).scalar(layout.count()).scalar(n),
          programs.geometry().tiles(Math.max(layout.count(), n)));
    }

    void errors(Span logits, Span target) {
      Kernel kernel =
          programs
              .errors()
              .kernel("lovasz_errors")
              .tensor(logits)
              .tensor(target)
              .tensorOrNull(listed);
      programs.launch(
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
          programs.geometry().tiles(target.length()));
    }

    void histogram(int from, int shift) {
      Kernel kernel = records(keys(programs.sort().kernel("lovasz_histogram"), from));
      programs.launch(
          counts(kernel).scalar(layout.length()).scalar(layout.chunks()).scalar(shift), chunks());
    }

    void weights() {
      boolean presentOnly = kind != 0 && spec.classes() == LovaszSpec.Classes.PRESENT;
      programs.launch(
          records(programs.errors().kernel("lovasz_weights"))
              .scalar(layout.count())
              .scalar(layout.listClasses())
              .scalar(presentOnly ? 1 : 0),
          programs.geometry().tiles(layout.count()));
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
      int group = programs.geometry().groupSize();
      long lanes = Math.min(group, Long.highestOneBit(2 * layout.chunks() - 1));
      long rows = layout.count() * rowsPerList;
      Kernel kernel = counts(programs.sort().kernel("lovasz_scan"));
      programs.launch(
          records(rowsPerList == 1 ? kernel.tensorOrNull(null) : totals(kernel))
              .scalar(rows)
              .scalar(layout.chunks())
              .scalar(rowsPerList)
              .scalar((int) lanes)
              .scalar(compacted ? 1 : 0),
          Math.ceilDiv(rows, group / lanes));
    }

    private void scatter(int from, int shift) {
      Kernel kernel = pairs(pairs(programs.sort().kernel("lovasz_scatter"), from), 1 - from);
      programs.launch(
          totals(counts(records(kernel)))
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(shift),
          chunks());
    }

    void foreground() {
      if (layout.chunks() > 1) {
        Kernel kernel = records(keys(programs.gradient().kernel("lovasz_foreground"), 0));
        programs.launch(counts(kernel).scalar(layout.length()).scalar(layout.chunks()), chunks());
        scan(1, true);
      }
    }

    void gradient(@Nullable Span upstream, @Nullable Span gradient) {
      Kernel kernel = records(pairs(programs.gradient().kernel("lovasz_gradient"), 0));
      programs.launch(
          losses(counts(kernel).tensorOrNull(listed).tensorOrNull(upstream).tensorOrNull(gradient))
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(layout.pixels())
              .scalar(layout.classes())
              .scalar(layout.listClasses()),
          chunks());
    }

    void total(Span value, Span fault) {
      programs.launch(
          records(losses(programs.gradient().kernel("lovasz_total")))
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
      return kernel.scratch(scratch, 0, LovaszLayout.RECORD_BYTES);
    }

    /**
     * The keys of a half: 0 is the one that the errors are in, and after four passes the sorted.
     */
    private Kernel keys(Kernel kernel, int half) {
      return kernel.scratch(scratch, layout.part(2 * half), Integer.BYTES);
    }

    private Kernel pairs(Kernel kernel, int half) {
      return keys(kernel, half).scratch(scratch, layout.part(2 * half + 1), Integer.BYTES);
    }

    private Kernel losses(Kernel kernel) {
      return kernel.scratch(scratch, layout.part(2), Double.BYTES);
    }

    private Kernel counts(Kernel kernel) {
      return layout.chunks() > 1
          ? kernel.scratch(scratch, layout.end(), Integer.BYTES)
          : kernel.tensorOrNull(null);
    }

    private Kernel totals(Kernel kernel) {
      return layout.chunks() > 1
          ? kernel.scratch(scratch, totalsStart(layout), Integer.BYTES)
          : kernel.tensorOrNull(null);
    }
  }
}
