package dev.quern.simd.normalization;

import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** Softmax and its logarithm, and their gradients. */
final class Softmax {
  private Softmax() {}

  /** The function. */
  static final class Forward extends SoftmaxTask {
    private final boolean logarithm;
    private final MemorySegment x;
    private final MemorySegment out;

    Forward(boolean logarithm, long outer, long count, long inner, Span x, Span out) {
      super(outer, count, inner);
      this.logarithm = logarithm;
      this.x = open(x);
      this.out = open(out);
    }

    @Override
    void tile(Scratch s, long at, int n) {
      load(x, at, n, s, s.x, Float.NEGATIVE_INFINITY);
      SoftmaxTiles.greatest(s.x, s.rows, s.width, s.most);
      s.foldGreatest();
      SoftmaxTiles.exponentials(s.x, s.rows, s.width, s.most, s.e);
      SoftmaxTiles.sums(s.e, s.rows, s.width, s.sums);
      s.foldSums();
      if (logarithm) {
        SoftmaxTiles.logarithms(s.sums, s.width);
        SoftmaxTiles.subtract(s.x, s.rows, s.width, s.most, s.sums);
      } else {
        SoftmaxTiles.divide(s.e, s.rows, s.width, s.sums, s.x);
      }
      store(s.x, s, out, at, n);
    }
  }

  /** The gradient. */
  static final class Gradient extends SoftmaxTask {
    private final boolean logarithm;
    private final MemorySegment gradient;
    private final MemorySegment y;
    private final MemorySegment out;

    Gradient(
        boolean logarithm, long outer, long count, long inner, Span gradient, Span y, Span out) {
      super(outer, count, inner);
      this.logarithm = logarithm;
      this.gradient = open(gradient);
      this.y = open(y);
      this.out = open(out);
    }

    @Override
    void tile(Scratch s, long at, int n) {
      load(gradient, at, n, s, s.x, 0);
      load(y, at, n, s, s.y, 0);
      if (logarithm) {
        SoftmaxTiles.sums(s.x, s.rows, s.width, s.sums);
        s.foldSums();
        SoftmaxTiles.exponentials(s.y, s.rows * s.width, s.e);
        SoftmaxTiles.gradientOfLogarithm(s.x, s.e, s.rows, s.width, s.sums);
      } else {
        SoftmaxTiles.products(s.x, s.y, s.rows, s.width, s.sums);
        s.foldSums();
        SoftmaxTiles.gradient(s.x, s.y, s.rows, s.width, s.sums);
      }
      store(s.x, s, out, at, n);
    }
  }
}
