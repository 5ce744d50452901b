package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.MulticlassConfusion;
import dev.quern.metric.MultilabelConfusion;
import dev.quern.reference.ReferenceProvider;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultWordTest {
  private static final float[] LOGITS = {1, -2, 0.5f, 3};
  private static final byte[] GOOD = {1, 0, 1, 0};
  private static final byte[] BAD = {1, 0, 7, 9};

  private final Engine engine = new Engine(new ReferenceProvider().open(0));

  @AfterEach
  void close() {
    engine.close();
  }

  private Tensor logits() {
    return engine.tensor(LOGITS, 4);
  }

  private Tensor labels(byte[] values) {
    return engine.tensor(values, 4);
  }

  private static void assertFault(long index, Runnable read) {
    var e = assertThrows(DataException.class, read::run);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("first at element " + index), message);
  }

  @Test
  void aFaultIsReportedToWhoReadsItsResultAndToNobodyElse() {
    SegmentationLoss loss = new BceLoss();
    LossResult bad = loss.forwardBackward(logits(), labels(BAD));
    float other =
        CompletableFuture.supplyAsync(() ->
                loss.forwardBackward(logits(), labels(GOOD)).value().item() + logits().sum().item())
            .join();
    assertTrue(Float.isFinite(other));
    engine.synchronize();
    assertFault(2, () -> bad.value().item());
    assertFault(2, () -> bad.gradient().toFloatArray());
    assertFault(2, () -> bad.value().item());
  }

  @Test
  void aGradientThatIsReadFirstReportsTheFaultAndIsWrittenAllTheSame() {
    LossResult bad = new DiceLoss().plus(new BceLoss()).forwardBackward(logits(), labels(BAD));
    float[] gradient = {9, 9, 9, 9};
    assertFault(2, () -> bad.gradient().copyTo(MemorySegment.ofArray(gradient)));
    assertTrue(gradient[0] != 9 && gradient[0] != 0);
    assertEquals(0, gradient[2]);
    assertEquals(0, gradient[3]);
    assertFault(2, () -> bad.gradient().slice(0, 1).item());
    assertFault(2, () -> bad.gradient().reshape(2, 2).toFloatArray());
  }

  @Test
  void aValueReadLateReportsItsFaultEveryTimeAndAfterItsScopeClosed() {
    SegmentationLoss loss = new BceLoss();
    PendingValue bad;
    PendingValue good;
    try (Scope _ = engine.openScope()) {
      bad = loss.forward(logits(), labels(BAD)).itemLater();
      good = loss.forward(logits(), labels(GOOD)).itemLater();
    }
    for (int i = 0; i < 600; i++) {
      engine.scoped(() -> loss.forward(logits(), labels(GOOD)).item());
    }
    assertTrue(Float.isFinite(good.await()));
    assertFault(2, bad::await);
    assertFault(2, bad::await);
    assertTrue(Float.isFinite(good.await()));
  }

  @Test
  void whatIsComputedFromAFaultyResultReportsIt() {
    SegmentationLoss none = new BceLoss().reduction(Reduction.NONE);
    Tensor losses = none.forward(logits(), labels(BAD));
    assertFault(2, losses::toFloatArray);
    assertFault(2, () -> losses.sum().item());
    assertFault(2, () -> losses.sum().scale(2).itemLater().await());
    Tensor total = engine.zeros(DType.F32, Shape.of(1));
    for (byte[] target : List.of(GOOD, BAD, GOOD)) {
      total = total.add(new BceLoss().forward(logits(), labels(target)));
    }
    assertFault(2, total::item);
    Tensor copy = engine.zeros(DType.F32, Shape.of(1));
    copy.copyFrom(total);
    assertFault(2, copy::item);
    copy.fill(3);
    assertEquals(3, copy.item());
    copy.copyFrom(total);
    copy.copyFrom(new float[] {4});
    assertEquals(4, copy.item());
  }

  @Test
  void aRunningSumRemembersAFaultAmongThousandsOfValuesNobodyReads() {
    Tensor total = engine.zeros(DType.F32, Shape.of(1)).detach();
    long live = engine.memory().live();
    for (int i = 0; i < 5000; i++) {
      byte[] target = i == 700 ? BAD : GOOD;
      try (Scope scope = engine.openScope()) {
        Tensor next = scope.keep(total.add(new BceLoss().forward(logits(), labels(target))));
        total.close();
        total = next;
      }
    }
    assertTrue(engine.memory().live() - live < 64 * 1024, () -> engine.memory().toString());
    assertFault(2, total::item);
  }

  @Test
  void allLossesReport() {
    Tensor classes = engine.tensor(new float[12], 1, 3, 4);
    Tensor bad = engine.tensor(new byte[] {0, 2, 3, 1}, 1, 4);
    CrossEntropyLoss entropy = new CrossEntropyLoss();
    for (SegmentationLoss loss :
        List.<SegmentationLoss>of(
            entropy,
            entropy.reduction(Reduction.NONE),
            new LovaszLoss().mode(Mode.MULTICLASS),
            entropy.plus(new LovaszLoss().mode(Mode.MULTICLASS).times(0.5)))) {
      LossResult result = loss.forwardBackward(classes, bad);
      assertFault(2, () -> result.gradient().toFloatArray());
      assertFault(2, () -> result.value().toFloatArray());
      assertFault(2, () -> loss.forward(classes, bad).toFloatArray());
    }
    LovaszLoss hinge = new LovaszLoss();
    assertFault(2, () -> hinge.forward(logits(), labels(BAD)).item());
    assertFault(2, () -> hinge.plus(new BceLoss()).forward(logits(), labels(BAD)).item());
  }

  @Test
  void aMetricReportsItsFaultsUntilItIsReset() {
    try (var metric = new BinaryJaccardIndex(engine);
        var other = new BinaryJaccardIndex(engine)) {
      metric.update(logits(), labels(BAD));
      other.update(logits(), labels(GOOD));
      assertEquals(1, logits().slice(0, 1).item());
      assertEquals(new ConfusionCounts(1, 1, 0, 2), other.counts());
      assertFault(2, metric::counts);
      assertFault(2, metric::compute);
      assertFault(2, () -> other.merge(metric));
      metric.update(logits(), labels(GOOD));
      assertFault(2, metric::counts);
      metric.reset();
      assertEquals(new ConfusionCounts(0, 0, 0, 0), metric.counts());
      metric.update(logits(), labels(GOOD));
      assertEquals(new ConfusionCounts(1, 1, 0, 2), metric.counts());
      metric.merge(other);
      assertEquals(new ConfusionCounts(2, 2, 0, 4), metric.counts());
      metric.update(logits(), labels(BAD));
      assertFault(2, metric::counts);
    }
  }

  @Test
  void countsOfImagesReportTheirOwnFaults() {
    try (var metric = new BinaryJaccardIndex(engine)) {
      Tensor x = engine.tensor(LOGITS, 2, 2);
      Tensor bad = metric.countPerImage(x, engine.tensor(BAD, 2, 2));
      Tensor good = metric.countPerImage(x, engine.tensor(GOOD, 2, 2));
      assertEquals(8, good.toLongArray().length);
      assertFault(2, bad::toLongArray);
      assertEquals(new ConfusionCounts(0, 0, 0, 0), metric.counts());
    }
  }

  @Test
  void metricsOfClassesReportTheirFaultsUntilTheyAreReset() {
    var silent = new BinaryConfusionOptions().withValidate(false);
    try (var multiclass = new MulticlassConfusion(engine, 3);
        var multilabel = new MultilabelConfusion(engine, 2, new BinaryConfusionOptions());
        var quiet = new MultilabelConfusion(engine, 2, silent)) {
      multiclass.update(labels(GOOD), labels(BAD));
      Tensor x = engine.tensor(LOGITS, 1, 2, 2);
      multilabel.update(x, engine.tensor(BAD, 1, 2, 2));
      quiet.update(x, engine.tensor(BAD, 1, 2, 2));
      quiet.compute();
      assertFault(2, multiclass::compute);
      assertFault(2, multiclass::compute);
      assertFault(2, multilabel::compute);
      multiclass.reset();
      multilabel.reset();
      assertArrayEquals(new long[9], multiclass.compute().toArray());
      multilabel.compute();
    }
  }

  @Test
  void countsThatRodeAlongWithALossReportItsFault() {
    try (var metric = new BinaryJaccardIndex(engine);
        var quiet =
            new BinaryJaccardIndex(engine, new BinaryConfusionOptions().withValidate(false))) {
      SegmentationLoss loss = new BceLoss();
      LossResult bad = loss.forwardBackward(logits(), labels(BAD), engine.one(), metric);
      LossResult good = loss.forwardBackward(logits(), labels(GOOD), engine.one(), metric);
      loss.forwardBackward(logits(), labels(BAD), engine.one(), quiet);
      good.value().item();
      quiet.counts();
      assertFault(2, metric::counts);
      assertFault(2, () -> bad.value().item());
      assertFault(2, metric::counts);
      metric.reset();
      loss.forwardBackward(logits(), labels(GOOD), engine.one(), metric);
      assertEquals(new ConfusionCounts(1, 1, 0, 2), metric.counts());
      LossResult sorted =
          new LovaszLoss().forwardBackward(logits(), labels(BAD), engine.one(), metric);
      assertFault(2, metric::counts);
      assertFault(2, () -> sorted.value().item());
    }
  }

  @Test
  void threadsThatShareAnEngineEachSeeTheirOwnFaults() {
    SegmentationLoss loss = new DiceLoss();
    var threads =
        List.of(-1, 0, 1, -1).stream()
            .map(faulty ->
                CompletableFuture.runAsync(() -> {
                  byte[] target = GOOD.clone();
                  if (faulty >= 0) {
                    target[faulty] = 5;
                  }
                  for (int i = 0; i < 2000; i++) {
                    try (Scope _ = engine.openScope()) {
                      Tensor value = loss.forward(logits(), labels(target));
                      if (faulty >= 0) {
                        assertFault(faulty, value::item);
                      } else {
                        value.item();
                      }
                    }
                  }
                }))
            .toList();
    threads.forEach(CompletableFuture::join);
  }

  @Test
  void resultsLeaveNothingBehind() {
    SegmentationLoss loss = new BceLoss();
    engine.scoped(() -> loss.forwardBackward(logits(), labels(GOOD)).value().item());
    long live = engine.memory().live();
    long allocations = engine.memory().allocations();
    for (int i = 0; i < 1000; i++) {
      engine.scoped(() -> loss.forwardBackward(logits(), labels(GOOD)).value().item());
    }
    assertEquals(live, engine.memory().live());
    assertEquals(allocations, engine.memory().allocations());
  }
}
