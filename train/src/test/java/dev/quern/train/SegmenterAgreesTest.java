package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.nn.segmenter.Segmenter;
import dev.quern.train.batch.Band;
import dev.quern.train.data.FolderDataset;
import dev.quern.train.data.listing.DataSource;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.trainer.TrainedModel;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program predicts with a checkpoint is what the command line writes. */
class SegmenterAgreesTest {

  private static final int WIDTH = 1091;
  private static final int HEIGHT = 1030;

  @TempDir Path folder;

  @Test
  void logitsAndFilesAreThoseOfQuernPredict() throws IOException {
    Path run = folder.resolve("run");
    Quern trained =
        Quern.run(
            "train",
            "--synthetic=4",
            "--width=2",
            "--depth=3",
            "--crop=32",
            "--epochs=2",
            "--backend=simd",
            "--out=" + run);
    assertEquals(0, trained.code(), trained.err());
    Path checkpoint = run.resolve("checkpoint-last.safetensors");
    Path picture = Files.createDirectory(folder.resolve("images")).resolve("noise.png");
    float[] image = writeNoise(picture);
    try (Engine engine = Engine.open("simd");
        Segmenter segmenter = Segmenter.load(engine, checkpoint)) {
      float[] logits = segmenter.logits(image, HEIGHT, WIDTH);
      assertArrayEquals(logitsOfTheTrainer(engine, checkpoint, picture), logits);
      float[] probabilities = segmenter.predict(image, HEIGHT, WIDTH);
      Raster written = predicted(checkpoint, picture, "--probabilities");
      Raster mask = predicted(checkpoint, picture, "--threshold=0.4");
      int objects = 0;
      float cut = new BinaryConfusionOptions().withThreshold(0.4f).cut();
      for (int i = 0; i < logits.length; i++) {
        int sixteenBits = written.getSample(i % WIDTH, i / WIDTH, 0);
        assertEquals(Math.round(65535 / (1 + Math.exp(-logits[i]))), sixteenBits);
        assertEquals(65535.0 * probabilities[i], sixteenBits, 0.51);
        boolean object = logits[i] >= cut;
        assertEquals(object ? 255 : 0, mask.getSample(i % WIDTH, i / WIDTH, 0));
        objects += object ? 1 : 0;
      }
      assertTrue(objects > 0 && objects < logits.length, objects + " pixels of objects");
    }
  }

  /** Grey blots of 8 bits; the values as a program has them. */
  private static float[] writeNoise(Path file) throws IOException {
    var random = new SplittableRandom(4);
    var picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    float[] values = new float[WIDTH * HEIGHT];
    for (int i = 0; i < values.length; i++) {
      int x = i % WIDTH;
      int y = i / WIDTH;
      int grey = random.nextInt(100) + ((x / 16 + y / 16) % 2 == 0 ? 155 : 0);
      picture.getRaster().setSample(x, y, 0, grey);
      values[i] = grey / 255f;
    }
    ImageIO.write(picture, "png", file.toFile());
    return values;
  }

  private float[] logitsOfTheTrainer(Engine engine, Path checkpoint, Path picture) {
    var source = new DataSource(picture, null, null, DataSource.Layout.FOLDERS, "", false, null);
    var data = new FolderDataset(source.listImages().samples(), MaskRule.AUTO);
    float[] logits = new float[WIDTH * HEIGHT];
    try (TrainedModel model =
        TrainedModel.load(checkpoint, engine, new BinaryConfusionOptions(), 2)) {
      model.predict(
          data,
          (sample, bands) -> {
            while (bands.hasNext()) {
              Band band = bands.next();
              System.arraycopy(band.logits(), 0, logits, band.y() * WIDTH, band.logits().length);
            }
          },
          unusable -> {
            throw unusable;
          });
    }
    return logits;
  }

  private Raster predicted(Path checkpoint, Path picture, String option) throws IOException {
    Path out = folder.resolve(option);
    Quern predicted =
        Quern.run(
            "predict",
            "--checkpoint=" + checkpoint,
            "--images=" + picture,
            "--out=" + out,
            "--backend=simd",
            option);
    assertEquals(0, predicted.code(), predicted.err());
    return ImageIO.read(out.resolve("noise.png").toFile()).getRaster();
  }
}
