package dev.quern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.engine.FiniteCheck;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Backend;
import dev.quern.spi.Operand;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerKernels;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObservationTest {

  @TempDir Path folder;

  private static Engine engine() {
    return new Engine(new ReferenceProvider().open(0));
  }

  private static Engine checkingEngine() {
    System.setProperty("quern.check", "finite");
    try {
      return engine();
    } finally {
      System.clearProperty("quern.check");
    }
  }

  private List<RecordedEvent> events(String name, Runnable work) throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (var recording = new Recording()) {
      recording.enable("dev.quern.Kernel").withoutThreshold();
      recording.enable("dev.quern.Transfer").withoutThreshold();
      recording.enable("dev.quern.Allocation").withoutThreshold();
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .toList();
  }

  @Test
  void kernelsTransfersAndAllocationsAreRecordedEvenIfTheEngineWasThereBefore() throws IOException {
    try (Engine engine = engine()) {
      Runnable work =
          () ->
              engine.scoped(() -> {
                Tensor logits = engine.tensor(new float[] {1, -2, 3}, 3);
                Tensor mask = engine.tensor(new byte[] {1, 0, 1}, 3);
                SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
                return logits.sigmoid().sum().item()
                    + loss.forwardBackward(logits, mask).value().item();
              });
      List<RecordedEvent> kernels = events("dev.quern.Kernel", work);
      assertEquals(
          List.of("pointwise unary sigmoid", "reduction sum", "fusedloss forwardBackward"),
          kernels.stream()
              .map(k -> k.getString("family") + " " + k.getString("operation"))
              .toList());
      assertEquals("reference:0", kernels.getFirst().getString("device"));
      assertEquals(3, kernels.getFirst().getLong("elements"));
      assertEquals(24, kernels.getFirst().getLong("bytes"));

      List<RecordedEvent> transfers = events("dev.quern.Transfer", work);
      assertEquals(
          List.of("upload 12", "upload 3", "download 4"),
          transfers.stream()
              .map(t -> t.getString("direction") + " " + t.getLong("bytes"))
              .limit(3)
              .toList());

      // all blocks are in the engine's cache by now, but for one of a size never seen
      List<RecordedEvent> allocations =
          events("dev.quern.Allocation", () -> engine.empty(DType.F32, Shape.of(100_000)).close());
      assertEquals(1, allocations.size());
      assertTrue(allocations.getFirst().getLong("bytes") >= 400_000);
    }
  }

  @Test
  void nothingIsSeenWhileNobodyLooks() {
    try (Engine engine = engine()) {
      engine.submit(kernels ->
          assertTrue(kernels.pointwise().getClass().getSimpleName().startsWith("Reference")));
    }
  }

  @Test
  void theFirstKernelWithANonFiniteResultIsNamed() {
    try (Engine engine = checkingEngine()) {
      float huge = 3e38f;
      Tensor a = engine.tensor(new float[] {1, huge, 2}, 3);
      Tensor fine = a.scale(0.5f);
      var e = assertThrows(DataException.class, () -> fine.add(fine).add(a));
      assertEquals(
          "out (3 elements) came out of the kernel pointwise binary add with Infinity at element 1:"
              + " what went in was finite.",
          e.getMessage());
    }
  }

  @Test
  void whatWasUploadedNonFiniteIsNamedAsSuch() {
    try (Engine engine = checkingEngine()) {
      Tensor logits = engine.tensor(new float[] {0, Float.NaN}, 2);
      Tensor mask = engine.tensor(new byte[] {1, 0}, 2);
      var e = assertThrows(DataException.class, () -> new BceLoss().forwardBackward(logits, mask));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("logits (2 elements) came into the kernel fusedloss"), message);
      assertTrue(message.contains("NaN at element 1"), message);
    }
  }

  private static void assertMade(String operand, String kernel, Runnable work) {
    String message = String.valueOf(assertThrows(DataException.class, work::run).getMessage());
    assertTrue(message.startsWith(operand + " ("), message);
    assertTrue(message.contains("came out of the kernel " + kernel + " with "), message);
  }

  @Test
  void lossesOfElementsAreNamedAsMadeByTheirKernel() {
    try (Engine engine = checkingEngine()) {
      Tensor logits = engine.tensor(new float[] {1, 100}, 2);
      Tensor mask = engine.tensor(new byte[] {1, 0}, 2);
      Tensor weight = engine.tensor(new float[] {1, 3e38f}, 2);
      SegmentationLoss loss = new BceLoss().weight(weight).reduction(Reduction.NONE);
      assertMade("losses", "fusedloss losses", () -> loss.forward(logits, mask));
    }
  }

  @Test
  void theStateOfAnOptimizerIsNamedAsMadeByItsStep() {
    float[] w = {1, 2};
    try (Engine engine = checkingEngine();
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 2).build();
        Sgd sgd =
            Sgd.builder(store).options(new SgdOptions().withLr(1e-30).withMomentum(0.9)).build()) {
      store.gradient("w").copyFrom(new float[] {0, 3e38f});
      sgd.step();
      // an infinite momentum makes the parameters infinite in the same step
      assertMade("parameters", "optimizer sgd", sgd::step);
    }
    try (Engine engine = checkingEngine();
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 2).build();
        Sgd sgd = Sgd.builder(store).options(new SgdOptions().withLr(1)).emaDecay(0.5).build()) {
      store.gradient("w").copyFrom(new float[] {0, -3e38f});
      sgd.step();
      store.gradient("w").copyFrom(new float[] {0, 3e38f});
      sgd.step();
      store.gradient("w").copyFrom(new float[] {0, 3e38f});
      assertMade("ema", "optimizer sgd", sgd::step);
    }
    try (Engine engine = checkingEngine();
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 2).build();
        Adam adam = Adam.builder(store).options(new AdamOptions().withAmsgrad(true)).build()) {
      store.gradient("w").copyFrom(new float[] {0, 3e38f});
      assertMade("expAvgSq", "optimizer adam", adam::step);
    }
  }

  @Test
  void whatAStepWasGivenIsNotNamedAsMadeByIt() {
    float[] w = {1, Float.NaN};
    try (Engine engine = checkingEngine();
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 2).build();
        Adam adam = Adam.builder(store).clipNorm(1).build()) {
      var e = assertThrows(DataException.class, adam::step);
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("parameters ("), message);
      assertTrue(message.contains("came into the kernel optimizer "), message);
    }
  }

  @Test
  void maximaOfMomentsAreNamedAsMadeByTheKernelThatWritesThem() throws Exception {
    Backend backend = new ReferenceProvider().open(0);
    try (Engine engine = new Engine(backend)) {
      Tensor finite = engine.zeros(DType.F32, Shape.of(2));
      Tensor bad = engine.tensor(new float[] {0, Float.POSITIVE_INFINITY}, 2);
      Tensor table = engine.zeros(DType.U8, Shape.of(64));
      Span ok = finite.span();
      var arena = new OptimizerArena(ok, ok, null, table.span(), 1, 1, table.span(), table.span());
      var state = new AdamState(ok, ok, bad.span());
      Method adam =
          OptimizerKernels.class.getMethod(
              "adam", OptimizerArena.class, AdamState.class, Span.class);
      var spans = Operand.of(adam, new Object[] {arena, state, ok});
      var check = new FiniteCheck(backend);
      assertMade("maxExpAvgSq", "adam", () -> check.checkWritten("adam", spans));
      // a kernel that only reads the arena made none of it
      Method norm =
          OptimizerKernels.class.getMethod(
              "gradientNorm",
              OptimizerArena.class,
              LossScale.class,
              Span.class,
              Span.class,
              Span.class);
      var unwritten =
          new OptimizerArena(bad.span(), ok, null, table.span(), 1, 1, table.span(), table.span());
      var read = Operand.of(norm, new Object[] {unwritten, null, ok, ok, table.span()});
      check.checkWritten("norm", read);
    }
  }

  @Test
  void tensorsOutsideTheArenaAreChecked() {
    try (Engine engine = checkingEngine()) {
      Tensor w = engine.tensor(new float[] {1, 2}, 2);
      Tensor g = engine.tensor(new float[] {0, Float.NaN}, 2);
      try (ParameterStore store = ParameterStore.builder(engine).add("w", w, g).build();
          Sgd sgd = Sgd.builder(store).options(new SgdOptions().withLr(1)).build()) {
        var e = assertThrows(DataException.class, sgd::step);
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith("gradients (2 elements) came into"), message);
      }
    }
  }

  @Test
  void finiteWorkPassesTheCheck() {
    try (Engine engine = checkingEngine()) {
      assertEquals(6, engine.tensor(new float[] {1, 2, 3}, 3).sum().item());
      Tensor a = engine.tensor(new float[] {1, 2, 3, 4}, 2, 2);
      assertEquals(List.of(7f, 10f, 15f, 22f), floats(a.matmul(a)));
    }
  }

  private static List<Float> floats(Tensor tensor) {
    var list = new ArrayList<Float>();
    for (float value : tensor.toFloatArray()) {
      list.add(value);
    }
    return list;
  }
}
