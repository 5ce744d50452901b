package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.PendingValue;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Threads that share an engine get the faults of their own data, and no others. */
class SharedEngineTest {
  private static final int N = 1000;

  private static Tensor logits(Engine engine) {
    return engine.tensor(new float[N], N);
  }

  /** Labels 0, one of them out of range unless {@code faulty} is negative. */
  private static Tensor labels(Engine engine, int faulty) {
    byte[] target = new byte[N];
    if (faulty >= 0) {
      target[faulty] = 9;
    }
    return engine.tensor(target, N);
  }

  private static void assertFault(int index, Runnable read) {
    String message = "" + assertThrows(DataException.class, read::run).getMessage();
    assertTrue(message.contains("first at element " + index + ";"), message);
  }

  @Test
  void aFaultNobodyReadIsNobodyElses() {
    try (Engine engine = Engine.open("simd");
        var metric = new BinaryJaccardIndex(engine)) {
      SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
      LossResult bad =
          loss.forwardBackward(logits(engine), labels(engine, 700), engine.one(), metric);
      PendingValue late = bad.value().itemLater();
      float good =
          CompletableFuture.supplyAsync(
                  () -> loss.forwardBackward(logits(engine), labels(engine, -1)).value().item())
              .join();
      assertTrue(good > 0);
      engine.synchronize();
      assertFault(700, () -> bad.gradient().toFloatArray());
      assertFault(700, late::await);
      assertFault(700, () -> bad.value().item());
      assertFault(700, metric::compute);
      metric.reset();
      metric.update(logits(engine), labels(engine, -1));
      assertEquals(new ConfusionCounts(N, 0, 0, 0), metric.counts());
    }
  }

  @Test
  void threadsSeeTheirOwnFaults() {
    SegmentationLoss loss = new DiceLoss();
    try (Engine engine = Engine.open("simd")) {
      List.of(-1, 3, 800, -1).stream()
          .map(faulty -> CompletableFuture.runAsync(() -> work(engine, loss, faulty)))
          .toList()
          .forEach(CompletableFuture::join);
    }
  }

  private static void work(Engine engine, SegmentationLoss loss, int faulty) {
    for (int i = 0; i < 500; i++) {
      try (Scope _ = engine.openScope()) {
        Tensor value = loss.forward(logits(engine), labels(engine, faulty));
        if (faulty >= 0) {
          assertFault(faulty, value::item);
        } else {
          // nothing is positive, so the class is absent
          assertEquals(0f, value.item());
        }
      }
    }
  }
}
