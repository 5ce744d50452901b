package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lovasz loss (Berman, Rannen Triki and Blaschko, 2018), the convex surrogate of the Jaccard loss:
 * pixels are sorted by descending error e, and the loss is the sum of e d, where d is by how much a
 * pixel raises the Jaccard loss of those before it. 0 is perfect.
 *
 * <p>{@link Mode#BINARY} and {@link Mode#MULTILABEL} are the Lovasz hinge: e = max(0, 1 - x (2 y -
 * 1)) of logit x and label y, all channels in one list. {@link Mode#MULTICLASS} is the
 * Lovasz-softmax: one list per class with e = |f - p|, where f is 1 at pixels of the class and p
 * its probability, averaged over the classes.
 *
 * <p>Logits are F32 of shape (N, ...), the target has the same shape and is 0 or 1. MULTICLASS:
 * logits (N, C, ...), target (N, ...) with labels below C. Targets are U8, I32, I64, or F32 with
 * whole numbers; a label out of range counts as ignored and is reported.
 *
 * <p>Source: the authors' code and segmentation_models.pytorch 0.5, whose defaults these are. Among
 * equal errors the pixel with the lower index comes first, which decides over its gradient; there
 * it is left open. Without valid pixels loss and gradient are 0; per image such an image counts as
 * 0. Whatever stands in ignored pixels changes nothing.
 *
 * <pre>{@code
 * LovaszLoss loss = new LovaszLoss().mode(Mode.MULTICLASS).ignoreIndex(255);
 * LossResult result = loss.forwardBackward(logits, labels);
 * }</pre>
 */
public final class LovaszLoss extends SegmentationLoss {
  private final Mode mode;
  private final LossInput input;
  private final boolean perImage;
  private final Classes classes;
  private final List<Integer> listed;
  private final @Nullable Integer ignoreIndex;

  /** Creates the binary loss of the batch, of logits, nothing ignored. */
  public LovaszLoss() {
    this(Mode.BINARY, LossInput.LOGITS, false, Classes.PRESENT, List.of(), null);
  }

  private LovaszLoss(
      Mode mode,
      LossInput input,
      boolean perImage,
      Classes classes,
      List<Integer> listed,
      @Nullable Integer ignoreIndex) {
    this.mode = mode;
    this.input = input;
    this.perImage = perImage;
    this.classes = classes;
    this.listed = listed;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * Says what the channels mean to one another.
   *
   * @param mode BINARY (default), MULTILABEL or MULTICLASS
   * @return a loss that differs in this
   */
  public LovaszLoss mode(Mode mode) {
    return new LovaszLoss(mode, input, perImage, classes, listed, ignoreIndex);
  }

  /**
   * Takes probabilities in [0, 1] as they are instead of logits, in mode MULTICLASS only; the
   * gradient is with respect to them.
   *
   * @return a loss that differs in this
   */
  public LovaszLoss fromProbabilities() {
    return new LovaszLoss(mode, LossInput.PROBABILITIES, perImage, classes, listed, ignoreIndex);
  }

  /**
   * Chooses between one loss of the batch, the default, and the mean of the losses of its images.
   *
   * @param perImage whether every image has its own lists
   * @return a loss that differs in this
   */
  public LovaszLoss perImage(boolean perImage) {
    return new LovaszLoss(mode, input, perImage, classes, listed, ignoreIndex);
  }

  /**
   * Leaves pixels out, whatever their logits are.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  public LovaszLoss ignoreIndex(int target) {
    return new LovaszLoss(mode, input, perImage, classes, listed, target);
  }

  /**
   * Averages all classes in mode MULTICLASS, those without a pixel too. By default only those that
   * a valid pixel is labelled with are averaged (per image: a pixel of the image); the loss is 0 if
   * there is none.
   *
   * @return a loss that differs in this
   */
  public LovaszLoss allClasses() {
    return new LovaszLoss(mode, input, perImage, Classes.ALL, List.of(), ignoreIndex);
  }

  /**
   * Averages exactly these classes in mode MULTICLASS, with pixels or without.
   *
   * @param indices at least one class, from 0 on
   * @return a loss that differs in this
   * @throws IllegalArgumentException if there is none, one twice or a negative one
   */
  public LovaszLoss classes(int... indices) {
    List<Integer> sorted = Arrays.stream(indices).sorted().distinct().boxed().toList();
    if (sorted.isEmpty() || sorted.size() < indices.length || sorted.getFirst() < 0) {
      throw new IllegalArgumentException(
          "The classes must be at least one, different and not negative, got "
              + Arrays.toString(indices)
              + ".");
    }
    return new LovaszLoss(mode, input, perImage, Classes.LISTED, sorted, ignoreIndex);
  }

  /**
   * Computes the value.
   *
   * @param logits F32, (N, ...); MULTICLASS: (N, C, ...)
   * @param target U8, I32, I64 or F32, of equal shape; MULTICLASS: (N, ...)
   * @return F32, shape (1), owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  @Override
  public Tensor forward(Tensor logits, Tensor target) {
    LossExtent extent = requireFitting(logits, target);
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(spec(target.dtype()));
    return engine.scoped(() -> {
      try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec(), extent))) {
        Tensor value = fault.number();
        engine.submitWithScratch(
            b -> plan.scratchBytes(extent),
            (b, scratch) ->
                plan.forward(
                    logits.span(), target.span(), extent, value.span(), fault.span(), scratch));
        return value;
      }
    });
  }

  /**
   * Computes value and gradient. A label out of range counts as ignored; whoever reads value or
   * gradient gets a {@link DataException}.
   *
   * @param logits F32, (N, ...); MULTICLASS: (N, C, ...)
   * @param target U8, I32, I64 or F32, of equal shape; MULTICLASS: (N, ...)
   * @param upstream F32, one element: multiplies the gradient, not the value (a loss scale)
   * @param metric a metric over logits with the same ignore index, updated with these pixels in a
   *     pass of its own (modes BINARY and MULTILABEL). Null for none
   * @return value and gradient, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  @Override
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryJaccardIndex metric) {
    LossExtent extent = requireFitting(logits, target);
    logits.requireSameEngine(upstream);
    if (upstream.dtype() != DType.F32 || upstream.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "The upstream gradient is one F32 number, but it is " + upstream + ".");
    }
    if (metric != null) {
      countFor(metric, logits, target);
    }
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(spec(target.dtype()));
    return engine.scoped(() -> {
      try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec(), extent))) {
        Tensor value = fault.number();
        Tensor gradient = fault.carriedBy(engine.empty(DType.F32, logits.shape()));
        engine.submitWithScratch(
            b -> plan.scratchBytes(extent),
            (b, scratch) ->
                plan.forwardBackward(
                    logits.span(),
                    target.span(),
                    extent,
                    upstream.span(),
                    value.span(),
                    gradient.span(),
                    fault.span(),
                    scratch));
        return new LossResult(value, gradient);
      }
    });
  }

  /**
   * Computes value and gradient on memory segments, on the CPU, without an engine.
   *
   * @param shape the shape of the logits
   * @param logits F32, native or {@code MemorySegment.ofArray(float[])}
   * @param target of the target's dtype, native or over an array; as many elements as logits, or in
   *     mode MULTICLASS one label a pixel
   * @param targetDtype U8, I32, I64 or F32
   * @param gradient F32, as long as the logits, written, other memory than they; null for the value
   *     only
   * @return the loss
   * @throws IllegalArgumentException if lengths, dtype or shape do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   * @throws DataException if a label is out of range; the gradient is written all the same
   */
  @Override
  public float forwardBackward(
      Shape shape,
      MemorySegment logits,
      MemorySegment target,
      DType targetDtype,
      @Nullable MemorySegment gradient) {
    requireTargetDtype(targetDtype);
    LossExtent extent = extent(shape);
    requireBytes("logits", logits, shape.elements(), DType.F32);
    requireBytes("target", target, targetShape(shape).elements(), targetDtype);
    if (gradient != null) {
      requireBytes("gradient", gradient, shape.elements(), DType.F32);
      if (logits.asOverlappingSlice(gradient).isPresent()) {
        throw new IllegalArgumentException(
            "The gradient lies in the memory of the logits, which are read again; give other"
                + " memory.");
      }
    }
    LovaszSpec spec = spec(targetDtype);
    ArrayKernels.Result result =
        Backends.arrays().lovasz(spec, extent, logits, target, 1, gradient);
    if (result.fault() != Long.MAX_VALUE) {
      throw LabelFault.of(spec, extent).apply(result.fault());
    }
    return result.value();
  }

  /**
   * Returns the specification that backends prepare.
   *
   * @param target the target's dtype
   * @return the specification
   * @throws IllegalArgumentException if classes or probabilities are asked for in another mode than
   *     MULTICLASS
   */
  public LovaszSpec spec(DType target) {
    boolean softmax = mode == Mode.MULTICLASS;
    if (!softmax && (input != LossInput.LOGITS || classes != Classes.PRESENT)) {
      throw new IllegalArgumentException(
          "The Lovasz loss has %s in mode MULTICLASS only, but the mode is %s."
              .formatted(input == LossInput.LOGITS ? "classes" : "probabilities", mode));
    }
    return new LovaszSpec(
        softmax ? Kind.SOFTMAX : Kind.HINGE,
        input,
        perImage,
        classes,
        listed,
        ignoreIndex,
        DType.F32,
        target);
  }

  @Override
  Frame frame() {
    Frame frame = Frame.PIXELS.withMode(mode).withInput(input);
    return ignoreIndex == null ? frame : frame.withIgnoreIndex(ignoreIndex);
  }

  /** Sorted lists are no sums over pixels: the loss has a kernel family of its own. */
  @Override
  List<WeightedTerm> terms(int count) {
    return List.of();
  }

  private void countFor(BinaryJaccardIndex metric, Tensor logits, Tensor target) {
    if (mode == Mode.MULTICLASS) {
      throw new IllegalArgumentException(
          "Binary confusion counts ride along in the binary and multilabel modes only.");
    }
    metric.countsFor(logits, ignoreIndex);
    metric.update(logits, target);
  }

  @Override
  float onArrays(float[] logits, MemorySegment target, DType dtype, float @Nullable [] gradient) {
    if (mode == Mode.MULTICLASS || perImage) {
      throw new IllegalArgumentException(
          "A loss that is MULTICLASS or per image needs the shape of the logits: call"
              + " forwardBackward(shape, ...) with MemorySegment.ofArray.");
    }
    return forwardBackward(
        Shape.of(1, logits.length),
        MemorySegment.ofArray(logits),
        target,
        dtype,
        gradient == null ? null : MemorySegment.ofArray(gradient));
  }

  private LossExtent requireFitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    if (logits.dtype() != DType.F32) {
      throw new IllegalArgumentException("Logits are F32, but they are " + logits.dtype() + ".");
    }
    requireTargetDtype(target.dtype());
    LossExtent extent = extent(logits.shape());
    Shape expected = targetShape(logits.shape());
    boolean fits =
        mode == Mode.MULTICLASS
            ? expected.equals(target.shape())
            : expected.equalsButForChannel(target.shape());
    if (!fits) {
      throw new IllegalArgumentException(
          "target shape %s does not match logits %s, which take a target of %s in mode %s."
              .formatted(target.shape(), logits.shape(), expected, mode));
    }
    boolean softmax = mode == Mode.MULTICLASS;
    if (logits.format() != (softmax ? MemoryFormat.CONTIGUOUS : target.format())) {
      throw new IllegalArgumentException(
          "Logits are %s and the target is %s; in mode %s %s."
              .formatted(
                  logits.format(),
                  target.format(),
                  mode,
                  softmax ? "logits must be CONTIGUOUS" : "both must be the same"));
    }
    return extent;
  }

  private LossExtent extent(Shape logits) {
    boolean softmax = mode == Mode.MULTICLASS;
    int rank = softmax ? 2 : 1;
    if (logits.rank() < rank || (softmax && !isClassCount(logits.dim(1)))) {
      throw new IllegalArgumentException(
          "Logits of the Lovasz loss in mode %s are %s, but they have the shape %s."
              .formatted(
                  mode, softmax ? "(N, C, ...) with at least one class" : "(N, ...)", logits));
    }
    int count = softmax ? (int) logits.dim(1) : 1;
    if (!listed.isEmpty() && listed.getLast() >= count) {
      throw new IllegalArgumentException(
          "Classes %s are averaged, but logits %s have classes 0 to %d."
              .formatted(listed, logits, count - 1));
    }
    long pixels = 1;
    for (int axis = rank; axis < logits.rank(); axis++) {
      pixels *= logits.dim(axis);
    }
    return new LossExtent(logits.dim(0), count, pixels);
  }

  private static boolean isClassCount(long classes) {
    return classes >= 1 && classes <= Integer.MAX_VALUE;
  }

  private Shape targetShape(Shape logits) {
    if (mode != Mode.MULTICLASS) {
      return logits;
    }
    long[] dims = new long[logits.rank() - 1];
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = logits.dim(axis == 0 ? 0 : axis + 1);
    }
    return Shape.of(dims);
  }

  private static void requireTargetDtype(DType dtype) {
    switch (dtype) {
      case U8, I32, I64, F32 -> {}
      default ->
          throw new IllegalArgumentException(
              "The target is U8, I32, I64 or F32, but it is " + dtype + ".");
    }
  }

  private static void requireBytes(String name, MemorySegment memory, long elements, DType dtype) {
    if (memory.byteSize() % dtype.bytes() != 0 || memory.byteSize() / dtype.bytes() != elements) {
      throw new IllegalArgumentException(
          "The %s must be %d elements of %s, %d bytes each, but they have %d bytes."
              .formatted(name, elements, dtype, dtype.bytes(), memory.byteSize()));
    }
  }
}
