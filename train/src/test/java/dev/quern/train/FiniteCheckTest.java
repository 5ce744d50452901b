package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Backends;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.spi.Availability;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code -Dquern.check=finite} on every backend of the machine. */
class FiniteCheckTest {

  static List<String> backends() {
    return Backends.probe().entrySet().stream()
        .filter(entry -> entry.getValue() instanceof Availability.Available)
        .map(Map.Entry::getKey)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theFirstKernelAndTensorThatAreNotFiniteAreNamed(String backend) {
    System.setProperty("quern.check", "finite");
    try (Engine engine = Engine.open(backend)) {
      float[] values = new float[70_000];
      byte[] labels = new byte[values.length];
      values[69_999] = 3e38f;
      Tensor logits = engine.tensor(values, values.length);
      Tensor mask = engine.tensor(labels, labels.length);
      Tensor larger = logits.scale(0.9f);
      var made = assertThrows(DataException.class, () -> larger.add(larger).scale(0));
      assertEquals(
          "out (70000 elements) came out of the kernel pointwise binary add with Infinity at"
              + " element 69999: what went in was finite.",
          made.getMessage());

      values[69_999] = 0;
      logits.copyFrom(values);
      var loss = new DiceLoss().plus(new BceLoss());
      assertTrue(Float.isFinite(loss.forwardBackward(logits, mask).value().item()));
      values[123] = Float.NaN;
      logits.copyFrom(values);
      var brought = assertThrows(DataException.class, () -> loss.forwardBackward(logits, mask));
      String message = String.valueOf(brought.getMessage());
      assertTrue(
          message.startsWith(
              "logits (70000 elements) came into the kernel fusedloss forwardBackward with NaN"
                  + " at element 123"),
          message);
    } finally {
      System.clearProperty("quern.check");
    }
  }
}
