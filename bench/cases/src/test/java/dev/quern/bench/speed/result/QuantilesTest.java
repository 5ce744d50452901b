package dev.quern.bench.speed.result;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class QuantilesTest {

  @Test
  void quantilesInterpolate() {
    List<Double> values = List.of(4.0, 1.0, 3.0, 2.0);
    assertEquals(2.5, Quantiles.median(values));
    assertEquals(1.75, Quantiles.lowerQuartile(values));
    assertEquals(1, Quantiles.of(values, 0));
    assertEquals(4, Quantiles.of(values, 1));
    assertEquals(1.3, Quantiles.of(values, 0.1), 1e-12);
  }
}
