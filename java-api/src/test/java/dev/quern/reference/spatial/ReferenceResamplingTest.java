package dev.quern.reference.spatial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingSpec;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import dev.quern.spi.spatial.Window;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReferenceResamplingTest {
  @Test
  void elementsLieWhereTheyAreSaidTo() {
    assertArrayEquals(new double[] {0, 0, 1, 1}, row(Interpolation.NEAREST, 2, 0, 1));
    assertArrayEquals(new double[] {0, 0.25, 0.75, 1}, row(Interpolation.BILINEAR, 2, 0, 1));
    double[] thirds = {0, 1 / 3.0, 2 / 3.0, 1};
    assertArrayEquals(thirds, row(Interpolation.BILINEAR_ALIGNED, 2, 0, 1), 1e-15);
    double infinity = Double.POSITIVE_INFINITY;
    double[] unspoiled = {1, 1, infinity, infinity, infinity, infinity};
    assertArrayEquals(unspoiled, row(Interpolation.BILINEAR, 3, 1, infinity));
  }

  private static double[] row(Interpolation interpolation, int factor, double... values) {
    Span out = Doubles.zeros((long) factor * values.length);
    new ReferenceResamplingKernels()
        .prepare(new UpsamplingSpec(interpolation, 1, factor))
        .forward(new SpatialExtent(1, 1, values.length, 1), Doubles.of(values), out);
    return Doubles.values(out);
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfUpsamplingBelongToIt(Interpolation interpolation) {
    for (var factors : List.of(List.of(1, 1), List.of(2, 2), List.of(3, 2), List.of(1, 5))) {
      var spec = new UpsamplingSpec(interpolation, factors.getFirst(), factors.getLast());
      for (long height : new long[] {1, 4}) {
        var extent = new SpatialExtent(2, height, 3, 2);
        Span x = Doubles.uniform(extent.elements(), 1);
        Span gradient = Doubles.uniform(spec.result(extent).elements(), 2);
        Span out = Doubles.zeros(gradient.length());
        Span back = Doubles.zeros(x.length());
        var plan = new ReferenceResamplingKernels().prepare(spec);
        plan.forward(extent, x, out);
        plan.backward(extent, gradient, back);
        assertEquals(Doubles.product(out, gradient), Doubles.product(x, back), 1e-12);
      }
    }
  }

  @Test
  void gradientsOfAveragePoolingBelongToIt() {
    for (Window window : List.of(Window.of(2), new Window(3, 2, 1, 1), new Window(2, 1, 1, 2))) {
      var spec = new AveragePoolingSpec(window, new Window(3, 1, 1, 1));
      var extent = new SpatialExtent(2, 5, 4, 3);
      Span x = Doubles.uniform(extent.elements(), 1);
      Span gradient = Doubles.uniform(spec.result(extent).elements(), 2);
      Span out = Doubles.zeros(gradient.length());
      Span back = Doubles.zeros(x.length());
      var plan = new ReferencePoolingKernels().prepare(spec);
      plan.forward(extent, x, out);
      plan.backward(extent, gradient, back);
      assertEquals(Doubles.product(out, gradient), Doubles.product(x, back), 1e-12);
    }
  }

  @Test
  void paddingCountsInAMean() {
    var spec = new AveragePoolingSpec(new Window(1, 1, 0, 1), new Window(2, 1, 1, 1));
    Span out = Doubles.zeros(3);
    new ReferencePoolingKernels()
        .prepare(spec)
        .forward(new SpatialExtent(1, 1, 2, 1), Doubles.of(2, 4), out);
    assertArrayEquals(new double[] {1, 3, 2}, Doubles.values(out));
  }
}
