package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.definition.Batch;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossJudge;
import dev.quern.bench.definition.Verdict;
import dev.quern.loss.LossResult;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import java.lang.foreign.MemorySegment;
import java.util.List;

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
    return "%s %s%s, target %s%s%s, form %s%s, upstream %s, %s, values %s: %s"
        .formatted(
            mode,
            batch.probabilities() ? "probabilities " : "logits ",
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
    float[] gradient = new float[batch.x().length];
    var arrays = device.arrays();
    float value =
        memory.isTensors() || arrays == null
            ? device.engine().scoped(() -> onTensors(device.engine(), gradient))
            : OneCalls.loss(
                arrays,
                device.oneCall(),
                new LossFactory(mode, batch, form, perImage, null).sum(parts),
                this,
                gradient);
    return new LossJudge(batch, parts, form, perImage, upstream).judge(value, gradient);
  }

  /** Whether the loss needs no shape. */
  boolean isFlat() {
    return mode == Mode.BINARY && !perImage;
  }

  private float onTensors(Engine engine, float[] gradient) {
    float[] weights = batch.weight();
    Tensor weight = weights == null ? null : tensor(engine, weights, DType.F32, shape);
    SegmentationLoss loss = new LossFactory(mode, batch, form, perImage, weight).sum(parts);
    Tensor logits = tensor(engine, batch.x(), DType.F32, shape);
    Tensor target = tensor(engine, batch.target(), targetDtype, targetShape);
    LossResult result =
        loss.forwardBackward(logits, target, engine.tensor(new float[] {upstream}, 1));
    result.gradient().copyTo(MemorySegment.ofArray(gradient));
    return result.value().item();
  }

  private Tensor tensor(Engine engine, float[] values, DType dtype, Shape shape) {
    if (memory != Memory.SLICES) {
      return engine.upload(Memory.encode(values, 0, dtype), dtype, shape);
    }
    MemorySegment padded = Memory.encode(values, Memory.BEFORE, dtype);
    Tensor whole = engine.upload(padded, dtype, Shape.of(Memory.BEFORE + values.length));
    return whole.slice(Memory.BEFORE, Memory.BEFORE + values.length).reshape(dims(shape));
  }

  private static long[] dims(Shape shape) {
    long[] dims = new long[shape.rank()];
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = shape.dim(axis);
    }
    return dims;
  }
}
