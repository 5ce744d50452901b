package dev.quern.train.unet;

import dev.quern.Shape;
import dev.quern.train.batch.Batch;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Shuffle;
import dev.quern.train.run.RunConfig;
import java.util.Arrays;
import java.util.Iterator;
import java.util.stream.IntStream;

/** A crop of every image in every epoch, drawn anew. */
final class CropBatches implements BatchSource {

  private final Prefetch prefetch;
  private final Dataset images;
  private final NetworkInput network;
  private final RunConfig config;
  private final int side;

  CropBatches(Prefetch prefetch, Dataset images, NetworkInput network, RunConfig config, int side) {
    this.prefetch = prefetch;
    this.images = images;
    this.network = network;
    this.config = config;
    this.side = side;
  }

  @Override
  public int batches() {
    return Math.ceilDiv(images.size(), config.batchSize());
  }

  @Override
  public Iterator<Batch> epoch(int epoch, int done) {
    int[] order = Shuffle.order(images.size(), config.seed(), epoch);
    int size = config.batchSize();
    long bytes = size * (images.largestSample() + (5L + network.channels()) * side * side);
    return prefetch.inOrder(
        IntStream.range(done, batches())
            .mapToObj(batch ->
                () ->
                    batch(
                        Arrays.copyOfRange(
                            order, batch * size, Math.min(order.length, (batch + 1) * size)),
                        epoch)),
        bytes);
  }

  private Batch batch(int[] samples, int epoch) {
    int plane = side * side;
    int each = network.channels() * plane;
    float[] input = new float[Math.multiplyExact(samples.length, each)];
    byte[] target = new byte[samples.length * plane];
    float[] upright = new float[each];
    for (int i = 0; i < samples.length; i++) {
      Sample sample = images.sample(samples[i]);
      network.require(sample);
      Crop crop = Crop.draw(sample, side, config.seed(), epoch, samples[i]);
      network.read(sample.image(), crop.x(), crop.y(), side, side, upright, 0);
      for (int c = 0; c < network.channels(); c++) {
        crop.lay(upright, c * plane, input, i * each + c * plane);
      }
      crop.mask(sample, target, i * plane);
      sample.image().close();
    }
    return new Batch(
        input,
        Shape.of(samples.length, network.channels(), side, side),
        target,
        Shape.of(samples.length, 1, side, side));
  }
}
