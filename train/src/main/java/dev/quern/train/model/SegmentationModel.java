package dev.quern.train.model;

import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.run.RunConfig;
import java.util.Map;

/** A model of one logit per pixel that a trainer can train, score and save. */
public interface SegmentationModel extends AutoCloseable {

  /**
   * What training changes and checkpoints hold.
   *
   * @return parameters and buffers under the names they are saved with
   */
  ParameterStore parameters();

  /**
   * What a checkpoint has to say, beside the tensors, for the model to be made again.
   *
   * @return texts by name, {@code model} with the name of the kind among them
   */
  Map<String, String> metadata();

  /**
   * Computes logits for scores and predictions.
   *
   * @param piece from this model's sources
   * @return F32, one for each pixel of the piece in their order, owned by the current scope
   */
  Tensor logits(Piece piece);

  /**
   * Computes logits as a step of the training, and keeps what {@link #backward} needs; buffers may
   * change.
   *
   * @param input F32, from this model's sources; stays open until {@link #backward}
   * @return F32, owned by the current scope
   */
  Tensor forward(Tensor input);

  /**
   * Writes the gradients of all parameters into the store, in place of what was there.
   *
   * @param gradient of the loss with respect to the logits that {@link #forward} gave last
   */
  void backward(Tensor gradient);

  /**
   * Makes a second model of the same form on the same engine, to hold other weights.
   *
   * @return a model with undefined parameters and buffers, owned by the caller
   */
  SegmentationModel sibling();

  /**
   * Feeds a training of this model.
   *
   * @param images to learn from
   * @param config of the run
   * @param prefetch reads ahead; stays the caller's
   * @return the batches
   */
  BatchSource batches(Dataset images, RunConfig config, Prefetch prefetch);

  /**
   * Feeds scores and predictions of this model.
   *
   * @param prefetch reads ahead; stays the caller's
   * @return divides images into pieces
   */
  PieceSource pieces(Prefetch prefetch);

  /** Frees the tensors. */
  @Override
  void close();
}
