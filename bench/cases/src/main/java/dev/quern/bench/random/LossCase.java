package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.definition.Batch;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossJudge;
import dev.quern.bench.definition.LossOptions;
import dev.quern.bench.definition.Verdict;
import dev.quern.loss.LossResult;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A fused loss.
 *
 * @param mode what the classes mean to one another
 * @param shape of the logits
 * @param targetShape of the target
 * @param batch logits and target
 * @param targetDtype how the target is stored
 * @param parts the terms
 * @param form how overlap terms count true positives
 * @param perImage whether overlap terms take scores per image
 * @param upstream the factor of the gradient
 * @param memory where operands lie
 * @param style what the values are like
 */
record LossCase(
    Mode mode,
    Shape shape,
    Shape targetShape,
    Batch batch,
    DType targetDtype,
    List<Weighted> parts,
    Form form,
    boolean perImage,
    float upstream,
    Memory memory,
    Values.Style style)
    implements RandomCase {

  @Override
  public String describe() {
    return "%s%s %s target %s%s%s form %s%s upstream %s, %s, %s values, %s"
        .formatted(
            mode,
            batch.probabilities() ? " of probabilities" : "",
            shape,
            targetDtype,
            batch.layout() == Batch.Layout.SHARES ? " shares" : "",
            batch.ignored() == null ? "" : " ignoring " + batch.ignored(),
            form,
            perImage ? " per image" : "",
            upstream,
            memory,
            style,
            parts);
  }

  @Override
  public Verdict run(Device device) {
    // array kernels know no sums with sorted losses; the forms without an engine do
    boolean sum = parts.size() > 1 || parts.getFirst().weight() != 1;
    boolean mixed = sum && parts.stream().anyMatch(LossCase::isLovasz);
    boolean tensors =
        memory == Memory.TENSORS || device.arrays() == null || (mixed && !device.oneCall());
    var judge = new LossJudge(batch, parts, form, perImage, tensors ? upstream : 1);
    float[] gradient = new float[batch.x().length];
    float value;
    if (tensors) {
      float[] alone = new float[1];
      value = device.engine().scoped(() -> onTensors(device.engine(), gradient, alone));
      String failure = judge.judge(alone[0], null).failure();
      if (failure != null) {
        return Verdict.wrong("without gradient " + failure);
      }
      failure = withoutReduction(device.engine());
      if (failure != null) {
        return Verdict.wrong("without reduction " + failure);
      }
    } else {
      SegmentationLoss loss = LossFactory.loss(this, null);
      value = OneCalls.loss(device, loss, this, gradient);
    }
    return judge.judge(value, gradient);
  }

  /** What is wrong with the losses of single elements or pixels, if the only term has some. */
  private @Nullable String withoutReduction(Engine engine) {
    LossOptions each = parts.size() == 1 ? parts.getFirst().options().ofEach() : null;
    if (each == null
        || (each instanceof LossOptions.Focal && batch.layout() != Batch.Layout.ELEMENTS)) {
      return null;
    }
    float[] losses =
        engine.scoped(() -> {
          Tensor logits = floats(engine, batch.x(), shape);
          MemorySegment labels = Memory.target(batch.target(), targetDtype);
          Tensor target = engine.upload(labels, targetDtype, targetShape);
          float[] weights = batch.weight();
          Tensor factors = weights == null ? null : floats(engine, weights, shape);
          return LossFactory.ofEach(this, factors).forward(logits, target).toFloatArray();
        });
    // reduced, a focal loss is the mean of those of the classes
    double weight = each instanceof LossOptions.Focal ? batch.classes() : 1;
    return new LossJudge(batch, List.of(new Weighted(each, weight)), form, perImage, 1)
        .judgeEach(losses)
        .failure();
  }

  /** Whether all elements are one pool for every term. */
  boolean isOneList() {
    return mode == Mode.BINARY
        && !perImage
        && parts.stream()
            .noneMatch(p -> p.options() instanceof LossOptions.Lovasz o && o.perImage());
  }

  private static boolean isLovasz(Weighted part) {
    return part.options() instanceof LossOptions.Lovasz;
  }

  private Float onTensors(Engine engine, float[] gradient, float[] alone) {
    Tensor logits = floats(engine, batch.x(), shape);
    MemorySegment labels = Memory.target(batch.target(), targetDtype);
    Tensor target = engine.upload(labels, targetDtype, targetShape);
    float[] weights = batch.weight();
    SegmentationLoss loss =
        LossFactory.loss(this, weights == null ? null : floats(engine, weights, shape));
    Tensor factor = engine.tensor(new float[] {upstream}, 1);
    LossResult result = loss.forwardBackward(logits, target, factor);
    alone[0] = loss.forward(logits, target).item();
    float[] read = result.gradient().toFloatArray();
    System.arraycopy(read, 0, gradient, 0, read.length);
    return result.value().item();
  }

  private static Tensor floats(Engine engine, float[] values, Shape shape) {
    return engine.upload(MemorySegment.ofArray(values), DType.F32, shape);
  }
}
