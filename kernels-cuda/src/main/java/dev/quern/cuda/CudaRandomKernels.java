package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;
import java.util.List;

/** Launches {@code random.cu}. */
final class CudaRandomKernels implements RandomKernels {
  /** The entries of {@code random.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "philox_uniform",
              pointer("out"),
              int64("n"),
              int64("first_element"),
              int32("seed_low"),
              int32("seed_high"),
              int32("stream"),
              int32("epoch"),
              int32("sample")));

  private final FamilyModule module;

  CudaRandomKernels(FamilyModule module) {
    this.module = module;
  }

  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    long n = out.length();
    long blocks = n == 0 ? 0 : ((firstElement + n + 3) >> 2) - (firstElement >> 2);
    module.launch(
        module
            .kernel("philox_uniform")
            .tensor(out)
            .scalar(n)
            .scalar(firstElement)
            .scalar((int) stream.seed())
            .scalar((int) (stream.seed() >>> 32))
            .scalar(stream.stream())
            .scalar(stream.epoch())
            .scalar(stream.sample()),
        LaunchGeometry.blocks(blocks));
  }
}
