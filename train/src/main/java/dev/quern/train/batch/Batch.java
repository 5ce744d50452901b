package dev.quern.train.batch;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * What one step of a training works on, in the host's memory.
 *
 * @param input what the model takes
 * @param shape of the input
 * @param target 0, 1 or void for each logit
 * @param targetShape of the target, which fits the model's logits
 */
@SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
public record Batch(float[] input, Shape shape, byte[] target, Shape targetShape) {

  /**
   * Copies the input to a device.
   *
   * @param engine of the device
   * @return F32, owned by the current scope
   */
  public Tensor input(Engine engine) {
    return engine.tensor(input, 0, shape);
  }

  /**
   * Copies the target to a device.
   *
   * @param engine of the device
   * @return U8, owned by the current scope
   */
  public Tensor target(Engine engine) {
    return engine.upload(MemorySegment.ofArray(target), DType.U8, targetShape);
  }
}
