package dev.quern.train.data;

import org.jspecify.annotations.Nullable;

/** Some samples of another data set, in the order of their indices. */
public final class SubsetDataset implements Dataset {

  private final Dataset source;
  private final int[] indices;

  /**
   * Chooses samples.
   *
   * @param source where they come from
   * @param indices which, in the order wanted
   */
  public SubsetDataset(Dataset source, int[] indices) {
    this.source = source;
    this.indices = indices.clone();
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public String name(int index) {
    return source.name(indices[index]);
  }

  @Override
  public @Nullable String group(int index) {
    return source.group(indices[index]);
  }

  @Override
  public long largestSample() {
    return source.largestSample();
  }

  @Override
  public Sample sample(int index) {
    return source.sample(indices[index]);
  }
}
