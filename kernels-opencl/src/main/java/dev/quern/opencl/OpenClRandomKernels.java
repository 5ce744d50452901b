package dev.quern.opencl;

import dev.quern.spi.Span;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;

/** Launches {@code random.cl}. */
final class OpenClRandomKernels implements RandomKernels {
  private final FamilyProgram program;

  OpenClRandomKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    long n = out.length();
    long blocks = n == 0 ? 0 : ((firstElement + n + 3) >> 2) - (firstElement >> 2);
    program.launch(
        program
            .kernel("philox_uniform")
            .tensor(out)
            .scalar(n)
            .scalar(firstElement)
            .scalar((int) stream.seed())
            .scalar((int) (stream.seed() >>> 32))
            .scalar(stream.stream())
            .scalar(stream.epoch())
            .scalar(stream.sample()),
        program.geometry().groups(blocks));
  }
}
