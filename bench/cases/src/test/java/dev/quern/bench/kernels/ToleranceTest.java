package dev.quern.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.cases.KernelCases;
import dev.quern.spi.Kernels;
import java.util.HashSet;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ToleranceTest {

  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @Test
  void nanAndInfinityMustStandWhereTheyAreExpected() {
    var policy = Tolerance.GRADIENT;
    assertTrue(holds(policy, new double[] {NAN, 1}, new double[] {NAN, 1}));
    assertTrue(!holds(policy, new double[] {NAN, 1}, new double[] {1, 1}));
    assertTrue(!holds(policy, new double[] {1, 1}, new double[] {NAN, 1}));
    assertTrue(holds(policy, new double[] {INFINITY}, new double[] {INFINITY}));
    assertTrue(!holds(policy, new double[] {INFINITY}, new double[] {-INFINITY}));
    assertTrue(!holds(policy, new double[] {INFINITY}, new double[] {1e38}));
    assertTrue(!holds(policy, new double[] {1e38}, new double[] {INFINITY}));
  }

  @Test
  void boundsAreAsNamed() {
    assertTrue(holds(Tolerance.LOSS, new double[] {100}, new double[] {100.0009}));
    assertTrue(!holds(Tolerance.LOSS, new double[] {100}, new double[] {100.0011}));
    assertTrue(holds(Tolerance.LOSS, new double[] {0}, new double[] {0.9e-7}));
    assertTrue(!holds(Tolerance.LOSS, new double[] {0}, new double[] {1.1e-7}));
    assertTrue(holds(Tolerance.GRADIENT, new double[] {0, 10}, new double[] {0.9e-4, 10}));
    assertTrue(!holds(Tolerance.GRADIENT, new double[] {0, 10}, new double[] {1.1e-4, 10}));
    assertTrue(!holds(Tolerance.EXACT, new double[] {1}, new double[] {Math.nextUp(1.0)}));
    assertTrue(holds(Tolerance.ELEMENTWISE, new double[] {1}, new double[] {1 + 0x4p-23}));
    assertTrue(!holds(Tolerance.ELEMENTWISE, new double[] {1}, new double[] {1 + 0x5p-23}));
    assertTrue(holds(Tolerance.parameters(10, 0.1), new double[] {0}, new double[] {0.9e-6}));
    assertTrue(!holds(Tolerance.parameters(10, 0.1), new double[] {0}, new double[] {1.1e-6}));
  }

  @Test
  void theMessageNamesTheWorstElement() {
    Optional<String> message =
        Tolerance.GRADIENT.compare("g", new double[] {1, 2, 3}, new double[] {1.1, 9, 3});
    assertTrue(message.orElse("").contains("worst at 1: 9.0 instead of 2.0"), message.toString());
  }

  @Test
  void namesOfKernelCasesAreUnique() {
    for (var family : Kernels.families()) {
      var names = new HashSet<String>();
      for (KernelCase kernelCase : KernelCases.of(family)) {
        assertTrue(names.add(kernelCase.name()), family + " " + kernelCase.name());
      }
      assertEquals(KernelCases.of(family).size(), names.size());
    }
  }

  private static boolean holds(Tolerance policy, double[] expected, double[] actual) {
    return policy.compare("values", expected, actual).isEmpty();
  }
}
