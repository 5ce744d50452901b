package dev.quern.gpu.loss;

import dev.quern.gpu.host.DeviceTable;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code lovasz_errors} and {@code lovasz_gradient}, and a {@link LovaszSort} between
 * them. Scratch memory: {@link LovaszScratch}.
 */
final class GpuLovasz implements LovaszPlan {
  private final LovaszSpec spec;
  private final @Nullable DeviceTable listed;
  private final GpuFamily errors;
  private final LovaszSort sort;
  private final GpuFamily gradient;
  private final int kind;
  private final int targetDtype;
  private final long ignored;
  private final int ignores;

  GpuLovasz(
      LovaszSpec spec,
      @Nullable DeviceTable listed,
      GpuFamily errors,
      LovaszSort sort,
      GpuFamily gradient) {
    this.spec = spec;
    this.listed = listed;
    this.errors = errors;
    this.sort = sort;
    this.gradient = gradient;
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
  public List<DeviceBuffer> kept() {
    return listed == null ? List.of() : listed.kept();
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return sort.scratchBytes(LovaszLayout.of(spec, extent));
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
      Span slopes,
      Span fault,
      Span scratch) {
    LovaszLayout layout = LovaszLayout.of(spec, extent);
    run(logits, target, layout, upstream, value, slopes, fault, scratch);
    if (spec.kind() == LovaszSpec.Kind.SOFTMAX && spec.input() == LossInput.LOGITS) {
      errors
          .kernel("lovasz_softmax_gradient")
          .tensor(logits)
          .tensor(target)
          .tensor(slopes)
          .scalar(target.length())
          .scalar(layout.pixels())
          .scalar(ignored)
          .scalar(ignores)
          .scalar(targetDtype)
          .scalar(layout.classes())
          .enqueue(errors.geometry().tiles(target.length()));
    }
  }

  private void run(
      Span logits,
      Span target,
      LovaszLayout layout,
      @Nullable Span upstream,
      Span value,
      @Nullable Span slopes,
      Span fault,
      Span scratch) {
    var lists = new LovaszScratch(layout, scratch);
    clear(lists, slopes);
    errors(lists, logits, target);
    sort.count(lists);
    weights(lists);
    sort.sort(lists);
    gradient(lists, upstream, slopes);
    total(lists, value, fault);
  }

  private void clear(LovaszScratch lists, @Nullable Span slopes) {
    long count = lists.layout().count();
    long n = slopes == null ? 0 : slopes.length();
    long words = sort.clearedWords(lists.layout());
    Launch kernel =
        lists.records(errors.kernel("lovasz_clear")).tensorOrNull(slopes).scalar(count).scalar(n);
    sort.clear(kernel, lists).enqueue(errors.geometry().tiles(Math.max(count, Math.max(n, words))));
  }

  private void errors(LovaszScratch lists, Span logits, Span target) {
    LovaszLayout layout = lists.layout();
    Launch kernel =
        errors.kernel("lovasz_errors").tensor(logits).tensor(target).tensorOrNull(listed());
    lists
        .records(lists.pairs(kernel, 0))
        .scalar(target.length())
        .scalar(layout.length())
        .scalar(layout.pixels())
        .scalar(ignored)
        .scalar(ignores)
        .scalar(targetDtype)
        .scalar(kind)
        .scalar(layout.classes())
        .scalar(layout.listClasses())
        .enqueue(errors.geometry().tiles(target.length()));
  }

  private void weights(LovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    boolean presentOnly = kind != 0 && spec.classes() == LovaszSpec.Classes.PRESENT;
    lists
        .records(errors.kernel("lovasz_weights"))
        .scalar(layout.count())
        .scalar(layout.listClasses())
        .scalar(presentOnly ? 1 : 0)
        .enqueue(errors.geometry().tiles(layout.count()));
  }

  private void gradient(LovaszScratch lists, @Nullable Span upstream, @Nullable Span slopes) {
    LovaszLayout layout = lists.layout();
    Launch kernel = lists.records(lists.pairs(gradient.kernel("lovasz_gradient"), 0));
    sort.counts(kernel, lists).tensorOrNull(listed()).tensorOrNull(upstream).tensorOrNull(slopes);
    lists
        .losses(kernel)
        .scalar(layout.length())
        .scalar(layout.chunks())
        .scalar(layout.pixels())
        .scalar(layout.classes())
        .scalar(layout.listClasses())
        .enqueue(lists.chunks());
  }

  private void total(LovaszScratch lists, Span value, Span fault) {
    LovaszLayout layout = lists.layout();
    lists
        .records(lists.losses(gradient.kernel("lovasz_total")))
        .tensor(value)
        .tensor(fault)
        .scalar(layout.count())
        .scalar(layout.length())
        .scalar(layout.chunks())
        .scalar(layout.listClasses())
        .enqueue(1);
  }

  private @Nullable Span listed() {
    return listed == null ? null : listed.span();
  }
}
