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

class FusedLossLayoutTest {
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
    FusedLossLayout cut = FusedLossLayout.of(spec, extent, ROUND);
    long length = cut.images() * cut.pixels();
    assertEquals(extent.elements(), cut.segments() * length);
    assertEquals(perImage ? images : 1, cut.pools());
    long chunk = cut.rounds() * ROUND;
    assertEquals(Math.ceilDiv(length, chunk), cut.chunks());
    long parts = layout == Layout.ELEMENTS ? cut.segments() : cut.pools();
    assertEquals(parts * cut.chunks(), cut.groups());
    assertEquals(parts * Math.ceilDiv(length, ROUND), cut.unchunked());

    assertTrue(cut.chunks() <= 4096);
    long records = cut.segments() * cut.chunks() * FusedLossLayout.RECORD_BYTES;
    long allowed = Math.max(1 << 20, extent.elements() * Float.BYTES / 100);
    // a record is left for every class of every pool, and rounds are whole
    assertTrue(records <= allowed || cut.chunks() == 1, records + " bytes of " + allowed);

    assertTrue(cut.segments() * LossCoefficients.COUNT * Float.BYTES <= cut.sums());
    assertTrue(cut.sums() + cut.segments() * LossSums.COUNT * Double.BYTES <= cut.counts());
    assertTrue(cut.counts() + cut.segments() * 4 * Double.BYTES <= cut.partials());
    assertTrue(cut.partials() + records <= cut.faults());
    assertTrue(cut.faults() + cut.groups() * Long.BYTES <= cut.bytes());
    assertTrue(cut.unchunked() * Long.BYTES <= cut.bytes() && cut.bytes() > 0);
    for (long offset : List.of(cut.sums(), cut.counts(), cut.partials(), cut.faults())) {
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
