package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;

/** Launches {@code random}. */
final class GpuRandomKernels implements RandomKernels {
  private final GpuFamily family;

  GpuRandomKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    long n = out.length();
    long blocks = n == 0 ? 0 : ((firstElement + n + 3) >> 2) - (firstElement >> 2);
    family
        .kernel("philox_uniform")
        .tensor(out)
        .scalar(n)
        .scalar(firstElement)
        .scalar((int) stream.seed())
        .scalar((int) (stream.seed() >>> 32))
        .scalar(stream.stream())
        .scalar(stream.epoch())
        .scalar(stream.sample())
        .enqueue(family.geometry().groups(blocks));
  }
}
