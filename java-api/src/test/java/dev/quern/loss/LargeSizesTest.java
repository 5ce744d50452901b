package dev.quern.loss;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.reference.ReferenceProvider;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sizes beyond what an int or a long counts get a sentence, not an integer overflow. */
class LargeSizesTest {
  private static final long MANY = 1L << 31;

  @TempDir Path folder;

  private static void assertRefused(String words, Runnable work) {
    RuntimeException e = assertThrows(RuntimeException.class, work::run);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(words) && !message.contains("overflow"), message);
  }

  /** Memory that is never touched: a file without blocks. */
  private MemorySegment untouched(String name, long bytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(name),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      return file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
    }
  }

  @Test
  void gradientsOfSumsWithLovaszLosses() throws IOException {
    MemorySegment logits = untouched("logits", 4 * MANY);
    MemorySegment gradient = untouched("gradient", 4 * MANY);
    MemorySegment target = untouched("target", MANY);
    SegmentationLoss loss = new DiceLoss().perImage(true).plus(new LovaszLoss().perImage(true));
    assertRefused(
        "less than 2^31 elements",
        () -> loss.forwardBackward(Shape.of(4, MANY / 4), logits, target, DType.U8, gradient));
  }

  @Test
  void segmentsOfLossesPerImage() throws IOException {
    MemorySegment logits = untouched("logits", 4 * MANY);
    MemorySegment target = untouched("target", MANY);
    assertRefused(
        "images times classes",
        () ->
            new DiceLoss()
                .perImage(true)
                .forwardBackward(Shape.of(MANY, 1), logits, target, DType.U8, null));
    assertRefused(
        "images times classes",
        () ->
            new DiceLoss()
                .mode(Mode.MULTILABEL)
                .perImage(true)
                .forwardBackward(Shape.of(MANY / 64, 64), logits, target, DType.U8, null));
  }

  @Test
  void classesThatFloatsDoNotTellApart() throws IOException {
    MemorySegment logits = untouched("logits", 4 * ((1 << 24) + 1));
    assertRefused(
        "1 to 16777216 classes",
        () ->
            new CrossEntropyLoss()
                .forwardBackward(
                    Shape.of(1, (1 << 24) + 1, 1),
                    logits,
                    MemorySegment.ofArray(new int[1]),
                    DType.I32,
                    null));
  }

  @Test
  void shapesWhoseBytesNoLongCounts() {
    MemorySegment none = MemorySegment.ofArray(new float[0]);
    assertRefused(
        "each",
        () -> new DiceLoss().forwardBackward(Shape.of(1L << 62), none, none, DType.F32, null));
    assertRefused(
        "each",
        () -> new LovaszLoss().forwardBackward(Shape.of(1L << 62), none, none, DType.F32, null));
    assertRefused("less than 2^63 elements", () -> Shape.of(1L << 32, 1L << 31));
    try (Engine engine = new Engine(new ReferenceProvider().open(0))) {
      assertRefused("less than 2^63 bytes", () -> engine.empty(DType.F32, Shape.of(1L << 62)));
    }
  }

  @Test
  void rowsOfCounts() throws IOException {
    var options = new BinaryConfusionOptions();
    MemorySegment predictions = untouched("predictions", MANY * 4);
    MemorySegment target = untouched("target", MANY);
    assertRefused(
        "rows are counted at once",
        () -> BinaryJaccardIndex.countPerImage(predictions, target, DType.U8, 1 << 30, options));
  }
}
