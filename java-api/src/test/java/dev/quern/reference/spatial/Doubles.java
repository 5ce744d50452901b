package dev.quern.reference.spatial;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.Function;

/** F64 operands in host memory, and what gradients are held against. */
final class Doubles {
  private static final HostMemory MEMORY = new HostMemory();

  private Doubles() {}

  static Span zeros(long length) {
    return Span.of(MEMORY.allocate(Math.max(1, length * Double.BYTES)), DType.F64, length);
  }

  static Span of(double... values) {
    Span span = zeros(values.length);
    HostBuffer.segment(span).copyFrom(MemorySegment.ofArray(values));
    return span;
  }

  /** Uniform in [-1, 1). */
  static Span uniform(long length, long seed) {
    var random = new SplittableRandom(seed);
    return of(random.doubles(length, -1, 1).toArray());
  }

  static double[] values(Span span) {
    return HostBuffer.segment(span).toArray(JAVA_DOUBLE);
  }

  static double product(Span a, Span b) {
    double[] left = values(a);
    double[] right = values(b);
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += left[i] * right[i];
    }
    return sum;
  }

  /** The slopes of {@code gradient * function(x)}, by central differences. */
  static double[] slopes(Span x, Span gradient, Function<Span, Span> function) {
    double[] values = values(x);
    double[] slopes = new double[values.length];
    double step = 1e-5;
    for (int i = 0; i < values.length; i++) {
      double[] up = values.clone();
      double[] down = values.clone();
      up[i] += step;
      down[i] -= step;
      double above = product(function.apply(of(up)), gradient);
      slopes[i] = (above - product(function.apply(of(down)), gradient)) / (2 * step);
    }
    return slopes;
  }
}
