package dev.quern.train.unet;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.nn.Tape;
import dev.quern.nn.segmenter.UNetMetadata;
import dev.quern.nn.tile.Surroundings;
import dev.quern.nn.unet.FoldedUNet;
import dev.quern.nn.unet.UNet;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Tile;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.run.RunConfig;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link UNet} of one logit a pixel. Parameters and running statistics have PyTorch's names;
 * metadata tells width, depth, channels and classes, and by which mean and deviation the channels
 * are standardised.
 */
final class UNetModel implements SegmentationModel {

  static final String KIND = UNetMetadata.KIND;

  private final Engine engine;
  private final UNet network;
  private final NetworkInput input;
  private final Surroundings surroundings;
  private @Nullable Tape tape;
  private @Nullable Tensor logits;
  private @Nullable FoldedUNet folded;
  private long foldedVersion;

  UNetModel(Engine engine, UNet.Shape shape, NetworkInput input, long seed) {
    this.engine = engine;
    this.network = new UNet(engine, shape, seed);
    this.input = input;
    this.surroundings = Surroundings.of(network);
  }

  /** The model of a checkpoint. */
  static UNetModel load(Engine engine, Checkpoint checkpoint) {
    return checkpoint.understand(
        KIND,
        () -> {
          UNetMetadata metadata = UNetMetadata.of(checkpoint::text);
          var input = new NetworkInput(metadata.mean(), metadata.deviation());
          UNetModel model = new UNetModel(engine, metadata.shape(), input, 0);
          try {
            checkpoint.copyTo(model.parameters());
            return model;
          } catch (RuntimeException e) {
            model.close();
            throw e;
          }
        });
  }

  @Override
  public ParameterStore parameters() {
    return network.parameters();
  }

  @Override
  public Map<String, String> metadata() {
    return new UNetMetadata(network.shape(), input.mean(), input.deviation()).texts();
  }

  @Override
  public Tensor logits(Piece piece) {
    return engine.scoped(() -> {
      Tensor all = folded().predict(piece.input(engine));
      Tile tile = piece.tile();
      return surroundings.cut(all, tile.x(), tile.y(), tile.width(), tile.height());
    });
  }

  /** The network as it is now, folded once for all that is predicted with it. */
  private FoldedUNet folded() {
    long version = parameters().parameterArena().version();
    for (String name : parameters().bufferNames()) {
      version += parameters().buffer(name).version();
    }
    FoldedUNet known = folded;
    if (known == null || version != foldedVersion) {
      if (known != null) {
        known.close();
      }
      known = network.folded();
      folded = known;
      foldedVersion = version;
    }
    return known;
  }

  @Override
  public Tensor forward(Tensor images) {
    forget();
    Tape started = new Tape(network.parameters());
    tape = started;
    Tensor y = network.forward(images);
    logits = y;
    return y;
  }

  @Override
  public void backward(Tensor gradient) {
    Objects.requireNonNull(tape, "forward comes first")
        .backward(Objects.requireNonNull(logits, "forward comes first"), gradient);
    forget();
  }

  private void forget() {
    if (tape != null) {
      tape.close();
    }
    tape = null;
    logits = null;
  }

  @Override
  public SegmentationModel sibling() {
    return new UNetModel(engine, network.shape(), input, 0);
  }

  @Override
  public BatchSource batches(Dataset images, RunConfig config, Prefetch prefetch) {
    return new CropBatches(prefetch, images, input, config, config.unet().crop());
  }

  @Override
  public PieceSource pieces(Prefetch prefetch) {
    return new TilePieces(prefetch, input, surroundings);
  }

  @Override
  public void close() {
    forget();
    if (folded != null) {
      folded.close();
    }
    network.close();
  }
}
