package dev.quern.bench.peers;

/**
 * What both sides compute, from the same inputs.
 *
 * @param name its name
 * @param kind the loss, count or step
 * @param elements logits, or parameters
 * @param parts parameter tensors, or classes, or 1
 * @param model how well the logits know the labels
 */
public record Workload(String name, Kind kind, int elements, int parts, Model model) {
  /** Whose logits they are. */
  public enum Model {
    /** Nobody's: the labels are independent of them. */
    RANDOM,
    /** A model's in training: six of ten errors of the Lovasz hinge are below 0. */
    HALF_TRAINED,
    /** A trained model's: three of four are. */
    TRAINED
  }

  /** What is computed. */
  public enum Kind {
    /** Dice loss, forward and backward. */
    DICE,
    /** Jaccard loss. */
    JACCARD,
    /** Binary cross-entropy, mean. */
    BCE,
    /** Their sum. */
    DICE_BCE,
    /** Focal loss, gamma 2, mean, without alpha. */
    FOCAL_2,
    /** Focal loss, gamma 1.5. */
    FOCAL_15,
    /** Dice over a softmax, mean of the classes. */
    MULTICLASS_DICE,
    /** Lovasz hinge of one list of pixels. */
    LOVASZ,
    /** Confusion counts and the IoU that follows, at logits above 0. */
    COUNTS,
    /** An Adam step: lr 1e-3, betas 0.9 and 0.999, eps 1e-8. */
    ADAM,
    /** An Adam step with amsgrad. */
    ADAM_AMSGRAD,
    /** Forward, backward and Adam of a U-Net: Dice + BCE, statistics of the batch. */
    UNET
  }

  private static final int PIXELS = 8 * 1024 * 1024;
  private static final int LIST = 2 * 1024 * 1024;

  /** Images in a workload with classes. */
  public static final int IMAGES = 4;

  /** A workload of a model in training. */
  Workload(String name, Kind kind, int elements, int parts) {
    this(name, kind, elements, parts, Model.HALF_TRAINED);
  }

  static final Workload[] ALL = {
    new Workload("Dice 8x1x1024x1024", Kind.DICE, PIXELS, 1),
    new Workload("Jaccard 8x1x1024x1024", Kind.JACCARD, PIXELS, 1),
    new Workload("BCE 8x1x1024x1024", Kind.BCE, PIXELS, 1),
    new Workload("Dice+BCE 8x1x1024x1024", Kind.DICE_BCE, PIXELS, 1),
    new Workload("focal gamma 2 8x1x1024x1024", Kind.FOCAL_2, PIXELS, 1),
    new Workload("focal gamma 1.5 8x1x1024x1024", Kind.FOCAL_15, PIXELS, 1),
    new Workload("Dice 32x1x1024x1024", Kind.DICE, 4 * PIXELS, 1),
    new Workload("Jaccard 32x1x1024x1024", Kind.JACCARD, 4 * PIXELS, 1),
    new Workload("BCE 32x1x1024x1024", Kind.BCE, 4 * PIXELS, 1),
    new Workload("Dice+BCE 32x1x1024x1024", Kind.DICE_BCE, 4 * PIXELS, 1),
    new Workload("focal gamma 2 32x1x1024x1024", Kind.FOCAL_2, 4 * PIXELS, 1),
    new Workload("focal gamma 1.5 32x1x1024x1024", Kind.FOCAL_15, 4 * PIXELS, 1),
    new Workload("Dice 21 classes 4x21x256x256", Kind.MULTICLASS_DICE, 4 * 21 * 65536, 21),
    new Workload("Dice 21 classes 4x21x512x512", Kind.MULTICLASS_DICE, 16 * 21 * 65536, 21),
    new Workload("Lovasz hinge 2 M", Kind.LOVASZ, LIST, 1),
    new Workload("Lovasz hinge 2 M, random", Kind.LOVASZ, LIST, 1, Model.RANDOM),
    new Workload("Lovasz hinge 2 M, trained", Kind.LOVASZ, LIST, 1, Model.TRAINED),
    new Workload("Lovasz hinge 8 M, random", Kind.LOVASZ, 4 * LIST, 1, Model.RANDOM),
    new Workload("IoU counts 8x1x1024x1024", Kind.COUNTS, PIXELS, 1),
    new Workload("IoU counts 32x1x1024x1024", Kind.COUNTS, 4 * PIXELS, 1),
    new Workload("Adam 33.5 M", Kind.ADAM, 1 << 25, 1),
    new Workload("Adam amsgrad 33.5 M", Kind.ADAM_AMSGRAD, 1 << 25, 1),
    new Workload("Dice 10,000", Kind.DICE, 10_000, 1),
    new Workload("Adam 100 x 100", Kind.ADAM, 10_000, 100),
    new Workload("U-Net step 8x1x256x256", Kind.UNET, 8 * 256 * 256, 1),
  };

  /**
   * {@return logits, gradients or parameters in [-4, 4), the same on both sides}
   *
   * @param salt 1 for logits or parameters, 2 for gradients
   */
  public float[] values(int salt) {
    return values(salt, elements);
  }

  static float[] values(int salt, int count) {
    float[] values = new float[count];
    int state = 0x9e3779b9 * (salt + 1);
    for (int i = 0; i < count; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[i] = (state >>> 8) * 0x1p-21f - 4;
    }
    return values;
  }

  /** {@return 0 or 1, as well known to the logits as the model says; or classes} */
  public byte[] labels() {
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
      boolean foreground =
          switch (model) {
            case RANDOM -> noise[i] > 0;
            case HALF_TRAINED -> x[i] + noise[i] > 1;
            case TRAINED -> x[i] + noise[i] / 8 > 0;
          };
      labels[i] = (byte) (foreground ? 1 : 0);
    }
    return labels;
  }

  /** {@return the labels as floats} */
  public float[] floatLabels() {
    byte[] labels = labels();
    float[] values = new float[labels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = labels[i];
    }
    return values;
  }

  /** {@return the labels as probabilities, an image's classes one after the other} */
  public float[] oneHotLabels() {
    byte[] labels = labels();
    int pixels = labels.length / IMAGES;
    float[] values = new float[elements];
    for (int i = 0; i < labels.length; i++) {
      values[(i / pixels * parts + labels[i]) * pixels + i % pixels] = 1;
    }
    return values;
  }
}
