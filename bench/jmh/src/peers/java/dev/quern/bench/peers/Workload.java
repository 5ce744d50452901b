package dev.quern.bench.peers;

/**
 * What both sides compute, from the same inputs.
 *
 * @param name its name
 * @param kind the loss, count or step
 * @param elements logits, or parameters
 * @param parts parameter tensors, or classes, or 1
 */
record Workload(String name, Kind kind, int elements, int parts) {
  enum Kind {
    DICE,
    JACCARD,
    BCE,
    DICE_BCE,
    FOCAL_2,
    FOCAL_15,
    MULTICLASS_DICE,
    LOVASZ,
    COUNTS,
    ADAM,
    ADAM_AMSGRAD
  }

  private static final int PIXELS = 8 * 1024 * 1024;

  static final Workload[] ALL = {
    new Workload("Dice 8x1x1024x1024", Kind.DICE, PIXELS, 1),
    new Workload("Jaccard 8x1x1024x1024", Kind.JACCARD, PIXELS, 1),
    new Workload("BCE 8x1x1024x1024", Kind.BCE, PIXELS, 1),
    new Workload("Dice+BCE 8x1x1024x1024", Kind.DICE_BCE, PIXELS, 1),
    new Workload("focal gamma 2 8x1x1024x1024", Kind.FOCAL_2, PIXELS, 1),
    new Workload("focal gamma 1.5 8x1x1024x1024", Kind.FOCAL_15, PIXELS, 1),
    new Workload("Dice+BCE 32x1x1024x1024", Kind.DICE_BCE, 4 * PIXELS, 1),
    new Workload("Dice 21 classes 4x21x256x256", Kind.MULTICLASS_DICE, 4 * 21 * 65536, 21),
    new Workload("Lovasz hinge 2 M", Kind.LOVASZ, 2 * 1024 * 1024, 1),
    new Workload("IoU counts 8x1x1024x1024", Kind.COUNTS, PIXELS, 1),
    new Workload("Adam 33.5 M", Kind.ADAM, 1 << 25, 1),
    new Workload("Adam amsgrad 33.5 M", Kind.ADAM_AMSGRAD, 1 << 25, 1),
    new Workload("Dice 10,000", Kind.DICE, 10_000, 1),
    new Workload("Adam 100 x 100", Kind.ADAM, 10_000, 100),
  };

  /** Logits or parameters in [-4, 4), the same on both sides. */
  float[] values(int salt) {
    float[] values = new float[elements];
    int state = 0x9e3779b9 * (salt + 1);
    for (int i = 0; i < elements; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[i] = (state >>> 8) * 0x1p-21f - 4;
    }
    return values;
  }

  /** 0 or 1, or classes, related to the logits as a half-trained model's would be. */
  byte[] labels() {
    if (kind == Kind.MULTICLASS_DICE) {
      byte[] labels = new byte[elements / parts];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = (byte) (i / 37 % parts);
      }
      return labels;
    }
    float[] x = values(1);
    float[] noise = values(2);
    byte[] labels = new byte[elements];
    for (int i = 0; i < elements; i++) {
      labels[i] = (byte) (x[i] + noise[i] > 1 ? 1 : 0);
    }
    return labels;
  }

  float[] floatLabels() {
    byte[] labels = labels();
    float[] values = new float[labels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = labels[i];
    }
    return values;
  }
}
