package dev.quern.train.data;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the samples of another data set in memory, first come first kept, up to a number of bytes;
 * the rest are loaded anew at every call. What a caller gets does not depend on what was kept.
 */
public final class CachedDataset implements Dataset {

  private final Dataset source;
  private final AtomicReferenceArray<@Nullable Sample> kept;
  private final AtomicLong left;

  /**
   * Wraps a data set.
   *
   * @param source where the samples come from
   * @param bytes how much may be kept
   */
  public CachedDataset(Dataset source, long bytes) {
    this.source = source;
    this.kept = new AtomicReferenceArray<>(source.size());
    this.left = new AtomicLong(bytes);
  }

  @Override
  public int size() {
    return source.size();
  }

  @Override
  public String name(int index) {
    return source.name(index);
  }

  @Override
  public @Nullable String group(int index) {
    return source.group(index);
  }

  @Override
  public long largestSample() {
    return source.largestSample();
  }

  @Override
  public Sample sample(int index) {
    Sample before = kept.get(index);
    if (before != null) {
      return before;
    }
    Sample sample = source.sample(index);
    if (sample.image().heapBytes() == 0) {
      return sample; // read from its file, and closed by whoever asked for it
    }
    long bytes = sample.image().heapBytes() + sample.mask().values().length;
    if (left.addAndGet(-bytes) < 0) {
      left.addAndGet(bytes);
    } else if (!kept.compareAndSet(index, null, sample)) {
      left.addAndGet(bytes);
    }
    return sample;
  }
}
