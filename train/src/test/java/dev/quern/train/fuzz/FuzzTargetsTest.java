package dev.quern.train.fuzz;

import dev.quern.Shape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.train.run.RunConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The targets that a fuzzer drives for longer, on some random damage of valid input. */
class FuzzTargetsTest {

  private static final int COUNT = 10_000;
  private static final long SEED = 20_261_130;

  @TempDir Path folder;

  @Test
  void damagedSafetensors() throws IOException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    tensors.put("weight", StoredTensor.of(Shape.of(2, 3), new float[] {1, 2, 3, 4, 5, 6}));
    tensors.put("step", StoredTensor.of(Shape.of(1), new long[] {7}));
    tensors.put("empty", StoredTensor.of(Shape.of(0, 5), new float[0]));
    Path file = folder.resolve("whole.safetensors");
    new Safetensors(tensors, Map.of("model", "pixel")).write(file);
    new Mutations(SEED)
        .feed(COUNT, Files.readAllBytes(file), SafetensorsFuzzTarget::fuzzerTestOneInput);
  }

  @Test
  void damagedRuns() throws IOException {
    for (int file = 0; file < 3; file++) {
      byte[] content = RunFuzzTarget.seed(file);
      byte[] valid = new byte[content.length + 1];
      valid[0] = (byte) file;
      System.arraycopy(content, 0, valid, 1, content.length);
      new Mutations(SEED).feed(COUNT / 10, valid, RunFuzzTarget::fuzzerTestOneInput);
    }
  }

  @Test
  void damagedConfigurations() {
    List<String> schedulers =
        List.of(
            "\"kind\":\"COSINE\"",
            "\"kind\":\"STEP\",\"stepEpochs\":2,\"gamma\":0.5",
            "\"kind\":\"MULTISTEP\",\"milestones\":\"2,5\",\"gamma\":0.5",
            "\"kind\":\"ONECYCLE\",\"pctStart\":0.5,\"anneal\":\"COS\",\"divFactor\":25,"
                + "\"finalDivFactor\":1e4,\"threePhase\":false");
    for (String scheduler : schedulers) {
      RunConfig valid = RunConfig.parse(config(scheduler));
      byte[] text = valid.toJson().toPrettyString().getBytes(StandardCharsets.UTF_8);
      new Mutations(SEED)
          .feed(COUNT / schedulers.size(), text, ConfigFuzzTarget::fuzzerTestOneInput);
    }
  }

  private static String config(String scheduler) {
    return """
    {"model":"pixel","backend":"simd","data":{"images":"i","masks":"m","valFraction":0.2,"synthetic":0},
     "epochs":10,"batchSize":8,"pixelsPerImage":64,"loss":"dice+bce",
     "optimizer":{"kind":"ADAM","lr":0.05,"weightDecay":0,"momentum":0,"nesterov":false,"l1":0,"clip":0,"ema":0},
     "scheduler":{%s,"warmup":1,"minLr":0,"period":10,"periodFactor":2,"restartDecay":1,"patience":5,
      "factor":0.5,"threshold":1e-4,"thresholdMode":"MAGNITUDE","cooldown":0},"seed":7}
    """
        .formatted(scheduler);
  }
}
