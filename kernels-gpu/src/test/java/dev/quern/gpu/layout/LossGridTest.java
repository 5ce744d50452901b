package dev.quern.gpu.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossSums;
import dev.quern.spi.loss.LossTerm;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossGridTest {
  private static final long ROUND = 1024;

  @ParameterizedTest
  @CsvSource({
    "ELEMENTS, false, 0, 1, 7",
    "ELEMENTS, false, 3, 1, 0",
    "ELEMENTS, false, 16, 1, 262144",
    "ELEMENTS, true, 16, 1, 262144",
    "ELEMENTS, false, 5, 3, 1013",
    "ELEMENTS, true, 64, 19, 1048576",
    "LABELS, false, 16, 21, 262144",
    "LABELS, true, 2, 1000, 65536",
    "ONE_HOT, false, 1024, 4, 1048576",
  })
  void cutsEveryPixelOnceInLittleMemory(
      Layout layout, boolean perImage, long images, int classes, long pixels) {
    FusedLossSpec spec = spec(layout, perImage, classes);
    var extent = new LossExtent(images, classes, pixels);
    LossGrid grid = LossGrid.of(spec, extent, ROUND);
    long length = grid.images() * grid.pixels();
    assertEquals(extent.elements(), grid.segments() * length);
    assertEquals(perImage ? images : 1, grid.pools());
    long chunk = grid.rounds() * ROUND;
    assertEquals(Math.ceilDiv(length, chunk), grid.chunks());
    long parts = layout == Layout.ELEMENTS ? grid.segments() : grid.pools();
    assertEquals(parts * grid.chunks(), grid.groups());
    assertEquals(parts * Math.ceilDiv(length, ROUND), grid.unchunked());

    assertTrue(grid.chunks() <= 4096);
    long records = grid.segments() * grid.chunks() * LossGrid.RECORD_BYTES;
    long allowed = Math.max(1 << 20, extent.elements() * Float.BYTES / 100);
    // a record is left for every class of every pool, and rounds are whole
    assertTrue(records <= allowed || grid.chunks() == 1, records + " bytes of " + allowed);

    assertTrue(grid.segments() * LossCoefficients.COUNT * Float.BYTES <= grid.sums());
    assertTrue(grid.sums() + grid.segments() * LossSums.COUNT * Double.BYTES <= grid.counts());
    assertTrue(grid.counts() + grid.segments() * 4 * Double.BYTES <= grid.partials());
    assertTrue(grid.partials() + records <= grid.faults());
    assertTrue(grid.faults() + grid.groups() * Long.BYTES <= grid.bytes());
    assertTrue(grid.unchunked() * Long.BYTES <= grid.bytes() && grid.bytes() > 0);
    for (long offset : List.of(grid.sums(), grid.counts(), grid.partials(), grid.faults())) {
      assertEquals(0, offset % 64);
    }
  }

  private static FusedLossSpec spec(Layout layout, boolean perImage, int classes) {
    return new FusedLossSpec(
        layout,
        LossInput.LOGITS,
        classes,
        perImage,
        List.of(new WeightedTerm(LossTerm.Overlap.dice(0, 1e-7, false), 1)),
        TruePositiveForm.MIN,
        null,
        DType.F32,
        layout == Layout.ONE_HOT ? DType.F32 : DType.U8,
        null);
  }
}
