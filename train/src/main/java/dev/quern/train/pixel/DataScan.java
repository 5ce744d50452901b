package dev.quern.train.pixel;

import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Otsu;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Split;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.Standardization;
import java.util.Iterator;
import java.util.stream.IntStream;

/**
 * What is learnt from the images before training. Every file is read once here, so a fault in any
 * of them comes to light before a run folder exists.
 *
 * @param channels of the model: 3 as soon as one training image has colour, else 1
 * @param otsu counts of Otsu's threshold over the validation images
 */
record DataScan(int channels, ConfusionCounts otsu) {

  static DataScan of(Split data, FeatureLoader loader) {
    Dataset train = data.train();
    Iterator<Integer> channels =
        loader.inOrder(
            IntStream.range(0, train.size())
                .mapToObj(i -> () -> train.sample(i).image().channels()));
    int most = 1;
    while (channels.hasNext()) {
      most = Math.max(most, channels.next());
    }
    return new DataScan(most, otsu(data.validation(), loader));
  }

  private static ConfusionCounts otsu(Dataset data, FeatureLoader loader) {
    Iterator<ConfusionCounts> counts =
        loader.inOrder(
            IntStream.range(0, data.size())
                .mapToObj(i ->
                    () -> {
                      Sample sample = data.sample(i);
                      return Otsu.segment(sample.image()).against(sample.mask());
                    }));
    ConfusionCounts sum = new ConfusionCounts(0, 0, 0, 0);
    while (counts.hasNext()) {
      sum = sum.plus(counts.next());
    }
    return sum;
  }

  /** Mean and deviation of the features over as many pixels as an epoch sees. */
  static Standardization standardization(
      Dataset train, FeatureLoader loader, int channels, int pixelsPerImage, long seed) {
    FeatureExtractor extractor = new FeatureExtractor(channels);
    Standardization.Sums sums = new Standardization.Sums(extractor.size());
    int[] order = IntStream.range(0, train.size()).toArray();
    Iterator<Chunk> chunks = loader.drawn(train, order, extractor, pixelsPerImage, seed, 0);
    while (chunks.hasNext()) {
      sums.add(chunks.next().features());
    }
    return sums.result();
  }
}
