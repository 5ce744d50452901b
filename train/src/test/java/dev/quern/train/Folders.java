package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Folders of images and masks as people have them, and the commands on them.
 *
 * @param root holds the folders and the runs
 */
record Folders(Path root) {

  /** Width and height of every image. */
  static final int SIDE = 96;

  /** Trains on six plain images. */
  Quern plain() {
    make(6);
    return trainFolders("plain");
  }

  /** Makes folders of images and masks. */
  void make(int count) {
    for (int i = 0; i < count; i++) {
      MaskPng.save(grey(sample(i)), "png", root.resolve("images").resolve("id" + i + ".png"));
      MaskPng.write(root.resolve("masks").resolve("id" + i + ".png"), mask(sample(i)));
    }
  }

  /** Trains on these folders; a few pixels and epochs unless said otherwise. */
  Quern trainFolders(String run, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("--images", root.resolve("images"), "--masks", root.resolve("masks")));
    all.addAll(List.of(options));
    return train(run, all.toArray());
  }

  /** Trains on what the options say. */
  Quern train(String run, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("train", "--model", "pixel", "--backend", "reference", "--pixels", 400));
    all.addAll(List.of("--batch-size", 2));
    if (!List.of(options).contains("--epochs")) {
      all.addAll(List.of("--epochs", 3));
    }
    all.addAll(List.of("--out", root.resolve(run)));
    all.addAll(List.of(options));
    return Quern.run(all.toArray());
  }

  /** Predicts by the best checkpoint of a run. */
  Quern predict(String run, Path images, Path out, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("predict", "--backend", "reference", "--images", images, "--out", out));
    all.addAll(List.of("--checkpoint", root.resolve(run).resolve("checkpoint-best.safetensors")));
    all.addAll(List.of(options));
    return Quern.run(all.toArray());
  }

  static void assertTrained(Quern quern, String part) {
    assertEquals(0, quern.code(), quern.err());
    assertTrue(quern.out().contains(part), quern.out());
  }

  static Sample sample(int index) {
    return new SyntheticMicroscopy(64, 4, 0).sample(index);
  }

  static BufferedImage grey(Sample sample) {
    BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    float[] light = sample.image().plane(0);
    for (int p = 0; p < SIDE * SIDE; p++) {
      float value = light[p / SIDE * SyntheticMicroscopy.SIDE + p % SIDE];
      picture.getRaster().setSample(p % SIDE, p / SIDE, 0, Math.round(255 * value));
    }
    return picture;
  }

  static Mask mask(Sample sample) {
    return new Mask(SIDE, SIDE, crop(sample.mask()));
  }

  static byte[] crop(Mask mask) {
    byte[] values = new byte[SIDE * SIDE];
    for (int p = 0; p < values.length; p++) {
      values[p] = mask.values()[p / SIDE * SyntheticMicroscopy.SIDE + p % SIDE];
    }
    return values;
  }
}
