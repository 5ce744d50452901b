package dev.quern.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Shape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.DynamicLossScale;
import dev.quern.optim.Optimizer;
import dev.quern.optim.ParameterGroup;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class OptimizerStateTest {
  private static final long SEED = 5;

  @TempDir Path folder;

  /** What PyTorch 2.11 left after four Adam steps of a small network. */
  private Path fromPyTorch() throws IOException {
    Path file = folder.resolve("pytorch.safetensors");
    try (InputStream in =
        Objects.requireNonNull(
            OptimizerStateTest.class.getResourceAsStream("unet_w4_d3_adam.safetensors"))) {
      Files.copy(in, file);
    }
    return file;
  }

  private static float[] random(long elements, long seed) {
    Random random = new Random(seed);
    float[] values = new float[(int) elements];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Parameters of the shapes that a file has moments for. */
  private static ParameterStore storeFor(Engine engine, Safetensors content) {
    var builder = ParameterStore.builder(engine);
    for (int id = 0; content.tensors().containsKey("state." + id + ".exp_avg"); id++) {
      Shape shape = content.tensor("state." + id + ".exp_avg").shape();
      long[] dims = new long[shape.rank()];
      for (int axis = 0; axis < dims.length; axis++) {
        dims[axis] = shape.dim(axis);
      }
      builder.add("p" + id, random(shape.elements(), SEED + id), dims);
    }
    return builder.build();
  }

  private static void step(Optimizer<?> optimizer, long seed) {
    for (String name : optimizer.store().names()) {
      var gradient = optimizer.store().gradient(name);
      gradient.copyFrom(random(gradient.shape().elements(), seed + name.hashCode()));
    }
    optimizer.step();
  }

  private static List<float[]> parameters(Optimizer<?> optimizer) {
    var all = new ArrayList<float[]>();
    for (String name : optimizer.store().names()) {
      all.add(optimizer.store().parameter(name).toFloatArray());
    }
    return all;
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  @Test
  void continuesWhatPyTorchBegan() throws IOException {
    Path file = fromPyTorch();
    Safetensors content = CheckpointFile.read(file);
    try (Engine engine = Engine.open("simd");
        ParameterStore store = storeFor(engine, content);
        Adam adam = Adam.builder(store).options(new AdamOptions().withLr(7)).build()) {
      OptimizerState.load(file).restore(adam);
      assertEquals(new AdamOptions(), adam.groups().getFirst().options());
      assertEquals(32, adam.steps().length);
      assertEquals(0.056975663f, adam.expAvg("p31").item());
      assertEquals(5.1620914e-6f, adam.expAvgSq("p0").toFloatArray()[0]);

      Map<String, float[]> before = new HashMap<>();
      store.names().forEach(name -> before.put(name, store.parameter(name).toFloatArray()));
      step(adam, SEED);
      for (int id = 0; id < 32; id++) {
        String name = "p" + id;
        float[] gradient = store.gradient(name).toFloatArray();
        float[] m = content.tensor("state." + id + ".exp_avg").floats();
        float[] v = content.tensor("state." + id + ".exp_avg_sq").floats();
        float[] after = store.parameter(name).toFloatArray();
        for (int i = 0; i < m.length; i++) {
          double expAvg = 0.9 * m[i] + 0.1 * gradient[i];
          double expAvgSq = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
          double root = Math.sqrt(expAvgSq) / Math.sqrt(1 - Math.pow(0.999, 5)) + 1e-8;
          double w = Objects.requireNonNull(before.get(name))[i];
          double expected = w - 1e-3 / (1 - Math.pow(0.9, 5)) * expAvg / root;
          assertEquals(expected, after[i], 1e-6 * Math.max(Math.abs(expected), 5e-3), name);
        }
      }
    }
  }

  @Test
  void writesTheLayoutThatItReads() throws IOException {
    Path file = fromPyTorch();
    Safetensors theirs = CheckpointFile.read(file);
    Path copy = folder.resolve("ours.safetensors");
    try (Engine engine = Engine.open("simd");
        ParameterStore store = storeFor(engine, theirs);
        Adam adam = Adam.builder(store).build()) {
      OptimizerState.load(file).restore(adam);
      OptimizerState.of(adam).save(copy);
    }
    Safetensors ours = CheckpointFile.read(copy);
    assertEquals(theirs.tensors().keySet(), ours.tensors().keySet());
    theirs
        .tensors()
        .forEach((name, tensor) -> {
          assertEquals(tensor.shape(), ours.tensor(name).shape());
          assertArrayEquals(tensor.floats(), ours.tensor(name).floats());
        });
    // 0 and 0.0 are the same number
    assertEquals(
        theirs
            .text("param_groups")
            .replace("\"weight_decay\": 0,", "\"weight_decay\": 0.0,")
            .replace(" ", ""),
        ours.text("param_groups").replace("1.0E-8", "1e-08").replace(" ", ""));
    assertEquals(32, JsonMapper.shared().readTree(ours.text("steps")).size());
  }

  private static List<ParameterGroup<AdamOptions>> twoGroups() {
    return List.of(
        new ParameterGroup<>(
            List.of("c", "a"), new AdamOptions().withLr(0.1).withAmsgrad(true).withL1(0.01)),
        new ParameterGroup<>(List.of("b"), new AdamOptions().withDecoupledWeightDecay(0.1)));
  }

  private static ParameterStore threeParameters(Engine engine) {
    return ParameterStore.builder(engine)
        .add("a", random(30, 1), 5, 6)
        .add("b", random(7, 2), 7)
        .add("c", random(1, 3), 1)
        .build();
  }

  @Test
  void continuesBitForBit() {
    Path file = folder.resolve("adam.safetensors");
    try (Engine engine = Engine.open("simd");
        ParameterStore first = threeParameters(engine);
        ParameterStore second = threeParameters(engine);
        Adam before = Adam.builder(first).groups(twoGroups()).emaDecay(0.9).build();
        Adam after =
            Adam.builder(second)
                .options(new AdamOptions().withAmsgrad(true))
                .groups(
                    List.of(
                        new ParameterGroup<>(
                            List.of("c", "a"), new AdamOptions().withAmsgrad(true)),
                        new ParameterGroup<>(List.of("b"), new AdamOptions())))
                .emaDecay(0.9)
                .build()) {
      before.setActive("c", false);
      step(before, 1);
      step(before, 2);
      before.setSteps(new long[] {(1L << 24) + 1, 2, 0});
      OptimizerState.of(before).save(file);
      assertTrue(
          !CheckpointFile.read(file).tensors().containsKey("state.0.step"), "c has no state");

      step(after, 7);
      for (String name : first.names()) {
        second.parameter(name).copyFrom(first.parameter(name));
      }
      OptimizerState.load(file).restore(after);
      assertEquals(before.groups(), after.groups());
      assertArrayEquals(before.steps(), after.steps());
      before.setActive("c", true);
      for (int i = 3; i < 6; i++) {
        step(before, i);
        step(after, i);
      }
      assertSame(parameters(before), parameters(after));
      for (String name : first.names()) {
        assertArrayEquals(before.ema(name).toFloatArray(), after.ema(name).toFloatArray());
      }
    }
  }

  @Test
  void sgdContinuesBitForBit() {
    Path file = folder.resolve("sgd.safetensors");
    SgdOptions options = new SgdOptions().withLr(0.1).withMomentum(0.9, 0.2);
    try (Engine engine = Engine.open("simd");
        ParameterStore first = threeParameters(engine);
        ParameterStore second = threeParameters(engine);
        Sgd before = Sgd.builder(first).options(options).build();
        Sgd after = Sgd.builder(second).options(options.withLr(1)).build()) {
      step(before, 1);
      step(before, 2);
      OptimizerState.of(before).save(file);
      assertTrue(CheckpointFile.read(file).tensors().containsKey("state.2.momentum_buffer"));
      for (String name : first.names()) {
        second.parameter(name).copyFrom(first.parameter(name));
      }
      OptimizerState.load(file).restore(after);
      step(before, 3);
      step(after, 3);
      assertSame(parameters(before), parameters(after));
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    OptimizerState theirs = OptimizerState.load(fromPyTorch());
    try (Engine engine = Engine.open("simd");
        ParameterStore store = threeParameters(engine);
        Adam one = Adam.builder(store).build();
        Adam two = Adam.builder(store).groups(twoGroups()).build();
        Sgd sgd = Sgd.builder(store).build()) {
      assertTrue(refusal(theirs, two).contains("1 parameter groups, the optimizer 2"));
      assertTrue(refusal(theirs, one).contains("32 parameters, the optimizer's 3"));
      assertTrue(refusal(OptimizerState.of(two), sgd).contains("parameter groups"));
      assertTrue(refusal(OptimizerState.of(one), sgd).contains("momentum"));
      step(one, 1);
      OptimizerState state = OptimizerState.of(one);
      try (ParameterStore others =
              ParameterStore.builder(engine)
                  .add("a", new float[30], 6, 5)
                  .add("b", new float[7], 7)
                  .add("c", new float[1], 1)
                  .build();
          Adam turned = Adam.builder(others).build()) {
        String message = refusal(state, turned);
        assertTrue(message.contains("state.0.exp_avg") && message.contains("'a'"), message);
        assertArrayEquals(new long[3], turned.steps());
      }
    }
  }

  @Test
  void refusesNumbersThatAreNone() throws IOException {
    Safetensors whole = CheckpointFile.read(fromPyTorch());
    Path damaged = folder.resolve("damaged.safetensors");
    try (Engine engine = Engine.open("simd");
        ParameterStore store = storeFor(engine, whole);
        Adam adam = Adam.builder(store).build()) {
      for (String name : List.of("state.0.exp_avg", "state.31.exp_avg_sq")) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>(whole.tensors());
        float[] values = whole.tensor(name).floats();
        values[values.length - 1] = name.endsWith("sq") ? Float.POSITIVE_INFINITY : Float.NaN;
        tensors.put(name, StoredTensor.of(whole.tensor(name).shape(), values));
        new Safetensors(tensors, whole.metadata()).write(damaged);
        String message = refusal(OptimizerState.load(damaged), adam);
        assertTrue(message.contains(damaged + " "), message);
        assertTrue(message.contains(name + " holds a NaN or an infinity"), message);
        assertTrue(Arrays.stream(adam.steps()).allMatch(step -> step == 0));
      }
    }
  }

  /** Everything that restoring changes. */
  private static List<Object> everything(Optimizer<?> optimizer) {
    List<Object> all = new ArrayList<>(optimizer.groups());
    all.add(Arrays.toString(optimizer.steps()));
    Map<String, StoredTensor> tensors = OptimizerState.of(optimizer).content().tensors();
    tensors.forEach((name, tensor) -> all.add(name + Arrays.toString(tensor.floats())));
    if (optimizer.hasDynamicLossScale()) {
      all.add(optimizer.lossScaleState());
    }
    return all;
  }

  @Test
  void aRefusedStateChangesNothing() {
    DynamicLossScale scale = new DynamicLossScale();
    try (Engine engine = Engine.open("simd");
        ParameterStore store = threeParameters(engine);
        Adam saved =
            Adam.builder(store)
                .groups(twoGroups())
                .lossScale(scale.withInitial(1024))
                .emaDecay(0.5)
                .build();
        Adam without =
            Adam.builder(store)
                .groups(
                    List.of(
                        new ParameterGroup<>(List.of("b", "c"), new AdamOptions().withLr(3)),
                        new ParameterGroup<>(List.of("a"), new AdamOptions())))
                .emaDecay(0.5)
                .build();
        Adam plain =
            Adam.builder(store)
                .groups(
                    List.of(
                        new ParameterGroup<>(List.of("c", "a"), new AdamOptions().withLr(3)),
                        new ParameterGroup<>(List.of("b"), new AdamOptions())))
                .build();
        Adam limited =
            Adam.builder(store)
                .groups(twoGroups())
                .lossScale(scale.withInitial(8).withLimits(1, 512))
                .build()) {
      step(saved, 1);
      step(without, 2);
      step(plain, 3);
      step(limited, 4);
      OptimizerState state = OptimizerState.of(saved);
      Map<Adam, String> reasons = new LinkedHashMap<>();
      reasons.put(without, "the parameter 'b'");
      reasons.put(plain, "amsgrad was off");
      reasons.put(limited, "between 1.0 and 512.0");
      reasons.forEach((adam, reason) -> {
        List<Object> before = everything(adam);
        String message = refusal(state, adam);
        assertTrue(message.contains(reason), message);
        assertEquals(before, everything(adam));
      });
    }
  }

  @Test
  void momentumThatStartsLaterContinuesBitForBit() {
    SgdOptions plain = new SgdOptions().withLr(0.1);
    SgdOptions momentum = plain.withMomentum(0.9, 0.5);
    List<ParameterGroup<SgdOptions>> groups =
        List.of(
            new ParameterGroup<>(List.of("a", "c"), plain),
            new ParameterGroup<>(List.of("b"), momentum));
    try (Engine engine = Engine.open("simd");
        ParameterStore first = threeParameters(engine);
        ParameterStore second = threeParameters(engine);
        Sgd before = Sgd.builder(first).groups(groups).build();
        Sgd after = Sgd.builder(second).groups(groups).build()) {
      step(before, 1);
      before.setOptions(0, momentum);
      before.setOptions(1, plain);
      step(after, 7);
      for (String name : first.names()) {
        second.parameter(name).copyFrom(first.parameter(name));
      }
      OptimizerState.of(before).restore(after);
      assertArrayEquals(new boolean[] {false, true, false}, after.buffered());
      before.setOptions(1, momentum);
      after.setOptions(1, momentum);
      step(before, 2);
      step(after, 2);
      assertSame(parameters(before), parameters(after));
    }
  }

  @Test
  void aDynamicLossScaleGoesOnWhereItStood() {
    Path file = folder.resolve("scaled.safetensors");
    DynamicLossScale scale = new DynamicLossScale().withGrowth(2, 3);
    try (Engine engine = Engine.open("simd");
        ParameterStore store = threeParameters(engine);
        Adam before = Adam.builder(store).lossScale(scale.withInitial(4)).build();
        Adam after = Adam.builder(store).lossScale(scale).build();
        Adam without = Adam.builder(store).build()) {
      step(before, 1);
      step(before, 2);
      OptimizerState.of(before).save(file);
      OptimizerState.load(file).restore(without);
      OptimizerState.load(file).restore(after);
      assertEquals(new DynamicLossScale.State(4, 2), after.lossScaleState());
      step(after, 3);
      assertEquals(new DynamicLossScale.State(8, 0), after.lossScaleState());
      OptimizerState.of(without).restore(after);
      assertEquals(new DynamicLossScale.State(8, 0), after.lossScaleState());
      assertEquals(
          "{\"scale\":4.0,\"growth_factor\":2.0,\"backoff_factor\":0.5,\"growth_interval\":3,\"_growth_tracker\":2}",
          CheckpointFile.read(file).text("grad_scaler"));
    }
  }

  private static String refusal(OptimizerState state, Optimizer<?> optimizer) {
    return String.valueOf(
        assertThrows(BadInputException.class, () -> state.restore(optimizer)).getMessage());
  }
}
