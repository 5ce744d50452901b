package dev.quern.reference.spatial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.spi.Span;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReferenceConvolutionTest {
  private static final Span NONE = Doubles.zeros(0);

  @Test
  void correlatesAnImageWithWeights() {
    var window = new Window(2, 1, 1, 1);
    var plan = plan(new ConvolutionSpec(window, window, 1, 1, 1, false));
    Span out = Doubles.zeros(9);
    plan.forward(
        new SpatialExtent(1, 2, 2, 1),
        Doubles.of(1, 2, 3, 4),
        Doubles.of(10, 20, 30, 40),
        Doubles.of(0.5),
        out,
        NONE);
    double[] expected = {40.5, 110.5, 60.5, 140.5, 300.5, 140.5, 60.5, 110.5, 40.5};
    assertArrayEquals(expected, Doubles.values(out), 1e-12);
  }

  /** Forward is linear in both operands, so that all three have one product with a gradient. */
  @Test
  void gradientsBelongToIt() {
    Window three = new Window(3, 1, 1, 1);
    Window strided = new Window(3, 2, 5, 2);
    Window even = new Window(2, 3, 0, 1);
    for (var spec :
        List.of(
            new ConvolutionSpec(three, three, 1, 3, 4, false),
            new ConvolutionSpec(strided, three, 1, 2, 5, false),
            new ConvolutionSpec(even, strided, 2, 4, 6, false),
            new ConvolutionSpec(three, even, 4, 4, 4, false))) {
      var extent = new SpatialExtent(2, 7, 6, spec.inputs());
      var plan = plan(spec);
      Span x = Doubles.uniform(extent.elements(), 1);
      Span weight = Doubles.uniform(spec.weights(), 2);
      Span gradient = Doubles.uniform(spec.result(extent).elements(), 3);
      Span out = Doubles.zeros(gradient.length());
      plan.forward(extent, x, weight, null, out, NONE);
      Span inputGradient = Doubles.zeros(x.length());
      plan.inputGradient(extent, gradient, weight, inputGradient, NONE);
      Span weightGradient = Doubles.zeros(weight.length());
      plan.weightGradient(extent, x, gradient, weightGradient, NONE);
      double product = Doubles.product(out, gradient);
      assertEquals(product, Doubles.product(x, inputGradient), 1e-12, spec::toString);
      assertEquals(product, Doubles.product(weight, weightGradient), 1e-12, spec::toString);
      plan.weightGradientAdd(extent, x, gradient, weightGradient, NONE);
      assertEquals(2 * product, Doubles.product(weight, weightGradient), 1e-12, spec::toString);
    }
  }

  private static ConvolutionPlan plan(ConvolutionSpec spec) {
    return new ReferenceConvolutionKernels().prepare(spec);
  }
}
