package dev.quern.nn.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.nn.tile.Surroundings.Range;
import dev.quern.nn.unet.UNet;
import org.junit.jupiter.api.Test;

class SurroundingsTest {
  private static final Surroundings TEN = new Surroundings(4, 10);

  @Test
  void areMultiplesAndEndWithTheImage() {
    assertEquals(12, TEN.margin());
    assertEquals(new Range(0, 28), TEN.around(0, 16, 100));
    assertEquals(new Range(4, 40), TEN.around(16, 16, 100));
    assertEquals(new Range(84, 16), TEN.around(96, 3, 99));
    assertEquals(new Range(0, 8), TEN.around(0, 5, 5));
  }

  @Test
  void areThoseOfTheNetwork() {
    try (Engine engine = Engine.open("reference");
        UNet network = new UNet(engine, new UNet.Shape(1, 4, 1, 1), 0)) {
      assertEquals(new Surroundings(8, 58), Surroundings.of(network));
    }
  }

  @Test
  void areCutOff() {
    try (Engine engine = Engine.open("reference")) {
      engine.scoped(() -> {
        Tensor all = engine.tensor(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 1, 1, 3, 4);
        Surroundings one = new Surroundings(1, 1);
        Tensor inner = one.cut(all, 5, 5, 2, 1);
        assertEquals(Shape.of(1, 1, 1, 2), inner.shape());
        assertArrayEquals(new float[] {5, 6}, inner.toFloatArray());
        assertArrayEquals(new float[] {4, 5, 6, 7}, one.cut(all, 0, 5, 4, 1).toFloatArray());
      });
    }
  }

  @Test
  void whatHasNoneIsNotCopied() {
    try (Engine engine = Engine.open("reference");
        Tensor all = engine.tensor(new float[12], 1, 1, 3, 4)) {
      assertSame(all, TEN.cut(all, 0, 0, 4, 3));
    }
  }
}
