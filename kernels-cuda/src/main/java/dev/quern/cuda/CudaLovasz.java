package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code lovasz_errors.cu} and {@code lovasz_gradient.cu}, and {@link CudaLovaszSort}
 * between them. Scratch memory: {@link CudaLovaszScratch}.
 */
final class CudaLovasz implements LovaszPlan {
  /** The entries of {@code lovasz_errors.cu} and their parameter structures. */
  static final List<Signature> ERROR_SIGNATURES =
      List.of(
          Signature.of(
              "lovasz_clear",
              pointer("lists"),
              pointer("gradient"),
              pointer("words"),
              int64("list_count"),
              int64("n"),
              int64("word_count")),
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
              "lovasz_weights",
              pointer("lists"),
              int64("list_count"),
              int32("list_classes"),
              int32("present_only")),
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

  /** The entries of {@code lovasz_gradient.cu} and their parameter structures. */
  static final List<Signature> GRADIENT_SIGNATURES =
      List.of(
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
              int32("list_classes")));

  /** The modules of the family. */
  record Modules(FamilyModule errors, FamilyModule sort, FamilyModule gradient) {}

  private final LovaszSpec spec;
  private final @Nullable Span listed;
  private final FamilyModule errors;
  private final CudaLovaszSort sort;
  private final FamilyModule derivatives;
  private final int kind;
  private final int targetDtype;
  private final long ignored;
  private final int ignores;

  CudaLovasz(LovaszSpec spec, @Nullable Span listed, Modules modules) {
    this.spec = spec;
    this.listed = listed;
    this.errors = modules.errors();
    this.sort = new CudaLovaszSort(modules.sort());
    this.derivatives = modules.gradient();
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
    return CudaLovaszScratch.bytes(LovaszLayout.of(spec, extent));
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
      errors.launch(
          errors
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
    var lists = new CudaLovaszScratch(layout, scratch);
    clear(lists, gradient);
    errors(lists, logits, target);
    sort.histogram(lists);
    weights(lists);
    sort.sort(lists);
    gradient(lists, upstream, gradient);
    total(lists, value, fault);
  }

  private void clear(CudaLovaszScratch lists, @Nullable Span gradient) {
    long count = lists.layout().count();
    long n = gradient == null ? 0 : gradient.length();
    long words = lists.cleared();
    Kernel kernel = lists.records(errors.kernel("lovasz_clear")).tensorOrNull(gradient);
    errors.launch(
        lists.lookBack(kernel, 0).scalar(count).scalar(n).scalar(words),
        LaunchGeometry.tiles(Math.max(count, Math.max(n, words))));
  }

  private void errors(CudaLovaszScratch lists, Span logits, Span target) {
    LovaszLayout layout = lists.layout();
    Kernel kernel =
        errors.kernel("lovasz_errors").tensor(logits).tensor(target).tensorOrNull(listed);
    errors.launch(
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
            .scalar(layout.listClasses()),
        LaunchGeometry.tiles(target.length()));
  }

  private void weights(CudaLovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    boolean presentOnly = kind != 0 && spec.classes() == LovaszSpec.Classes.PRESENT;
    errors.launch(
        lists
            .records(errors.kernel("lovasz_weights"))
            .scalar(layout.count())
            .scalar(layout.listClasses())
            .scalar(presentOnly ? 1 : 0),
        LaunchGeometry.tiles(layout.count()));
  }

  private void gradient(CudaLovaszScratch lists, @Nullable Span upstream, @Nullable Span gradient) {
    LovaszLayout layout = lists.layout();
    Kernel kernel = lists.records(lists.pairs(derivatives.kernel("lovasz_gradient"), 0));
    lists.lookBack(kernel, 0).tensorOrNull(listed).tensorOrNull(upstream).tensorOrNull(gradient);
    derivatives.launch(
        lists
            .losses(kernel)
            .scalar(layout.length())
            .scalar(layout.chunks())
            .scalar(layout.pixels())
            .scalar(layout.classes())
            .scalar(layout.listClasses()),
        lists.chunks());
  }

  private void total(CudaLovaszScratch lists, Span value, Span fault) {
    LovaszLayout layout = lists.layout();
    derivatives.launch(
        lists
            .records(lists.losses(derivatives.kernel("lovasz_total")))
            .tensor(value)
            .tensor(fault)
            .scalar(layout.count())
            .scalar(layout.length())
            .scalar(layout.chunks())
            .scalar(layout.listClasses()),
        1);
  }
}
