package dev.quern.train.data.synthetic;

import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Seeds;
import dev.quern.train.data.mask.Mask;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Drawn fluorescence micrographs with their true masks: clusters of touching and overlapping cells
 * (the object) before uneven illumination, out-of-focus glow, fibres and specks (not the object),
 * blurred and noisy. A picture depends on the seed and its index alone, to the bit.
 *
 * <p>The constants were fixed before any model was fitted to the pictures. They are chosen so that
 * brightness alone does not tell: one Otsu threshold per image stays under 0.6 IoU.
 */
public final class SyntheticMicroscopy implements Dataset {

  /** Side of the square pictures, in pixels. */
  public static final int SIDE = 128;

  private static final int MIN_CLUSTERS = 4;
  private static final int MAX_CLUSTERS = 7;
  private static final int MIN_CELLS = 2;
  private static final int MAX_CELLS = 4;
  private static final double MIN_RADIUS = 4.5;
  private static final double MAX_RADIUS = 9.5;
  private static final double MIN_CONTRAST = 0.16;
  private static final double MAX_CONTRAST = 0.40;
  private static final int MAX_FIBRES = 4;
  private static final int MAX_SPECKS = 16;
  private static final int MAX_GLOWS = 3;
  private static final double SHOT_NOISE = 0.003;
  private static final double READ_NOISE = 0.02;

  private final int size;
  private final long seed;
  private final long first;

  /**
   * A set of pictures.
   *
   * @param size how many
   * @param seed of all of them
   * @param first number of the first picture; sets with the same seed and disjoint numbers share no
   *     picture
   */
  public SyntheticMicroscopy(int size, long seed, long first) {
    this.size = size;
    this.seed = seed;
    this.first = first;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String name(int index) {
    return String.format(Locale.ROOT, "synthetic-%04d", first + index);
  }

  @Override
  public long largestSample() {
    return 5L * SIDE * SIDE;
  }

  @Override
  public Sample sample(int index) {
    RandomGenerator random = Seeds.generator(seed, Seeds.PICTURE, first + index);
    Canvas canvas = new Canvas(SIDE);
    canvas.fill(between(random, 0.12, 0.22));
    drawGlows(canvas, random);
    drawCells(canvas, random);
    drawFibres(canvas, random);
    drawSpecks(canvas, random);
    canvas.blur(between(random, 0.8, 1.4));
    illuminate(canvas, random);
    expose(canvas, random);
    return new Sample(
        name(index), Image.of(1, SIDE, SIDE, canvas.light()), new Mask(SIDE, SIDE, canvas.mask()));
  }

  private static void drawCells(Canvas canvas, RandomGenerator random) {
    int clusters = random.nextInt(MIN_CLUSTERS, MAX_CLUSTERS + 1);
    for (int k = 0; k < clusters; k++) {
      double x = between(random, 0, SIDE);
      double y = between(random, 0, SIDE);
      int cells = random.nextInt(MIN_CELLS, MAX_CELLS + 1);
      for (int i = 0; i < cells; i++) {
        double radius = between(random, MIN_RADIUS, MAX_RADIUS);
        Outline outline = Outline.random(radius, random);
        canvas.cell(x, y, outline, between(random, MIN_CONTRAST, MAX_CONTRAST));
        // The next cell of the cluster starts near this one's rim: it touches or overlaps.
        double angle = between(random, 0, 2 * StrictMath.PI);
        double step = radius * between(random, 1.1, 2.0);
        x += step * StrictMath.cos(angle);
        y += step * StrictMath.sin(angle);
      }
    }
  }

  private static void drawGlows(Canvas canvas, RandomGenerator random) {
    int glows = random.nextInt(1, MAX_GLOWS + 1);
    for (int i = 0; i < glows; i++) {
      canvas.glow(
          between(random, 0, SIDE),
          between(random, 0, SIDE),
          between(random, 14, 26),
          between(random, 0.10, 0.35));
    }
  }

  private static void drawFibres(Canvas canvas, RandomGenerator random) {
    int fibres = random.nextInt(1, MAX_FIBRES + 1);
    for (int i = 0; i < fibres; i++) {
      double x = between(random, 0, SIDE);
      double y = between(random, 0, SIDE);
      double angle = between(random, 0, 2 * StrictMath.PI);
      double bend = between(random, -0.02, 0.02);
      double width = between(random, 0.7, 1.3);
      double light = between(random, 0.25, 0.5);
      int length = random.nextInt(40, 120);
      for (int step = 0; step < length; step++) {
        canvas.dab(x, y, width, light);
        x += StrictMath.cos(angle);
        y += StrictMath.sin(angle);
        angle += bend;
      }
    }
  }

  private static void drawSpecks(Canvas canvas, RandomGenerator random) {
    int specks = random.nextInt(4, MAX_SPECKS + 1);
    for (int i = 0; i < specks; i++) {
      canvas.dab(
          between(random, 0, SIDE),
          between(random, 0, SIDE),
          between(random, 0.8, 1.6),
          between(random, 0.4, 0.9));
    }
  }

  /** A lamp off the centre and a tilt: the same cell is several times brighter on one side. */
  private static void illuminate(Canvas canvas, RandomGenerator random) {
    double angle = between(random, 0, 2 * StrictMath.PI);
    double tilt = between(random, 0.3, 0.6);
    double centreX = between(random, 0.2, 0.8) * SIDE;
    double centreY = between(random, 0.2, 0.8) * SIDE;
    double spread = between(random, 0.5, 0.8) * SIDE;
    float[] light = canvas.light();
    double half = SIDE / 2.0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        double along =
            ((x - half) * StrictMath.cos(angle) + (y - half) * StrictMath.sin(angle)) / half;
        double distance = ((x - centreX) * (x - centreX) + (y - centreY) * (y - centreY));
        double lamp = 0.5 + 0.7 * StrictMath.exp(-distance / (2 * spread * spread));
        light[y * SIDE + x] *= (float) Math.max(0.15, lamp * (1 + tilt * along));
      }
    }
  }

  /** Shot noise grows with the light, read noise does not; then 8 bits, as a camera's file. */
  private static void expose(Canvas canvas, RandomGenerator random) {
    float[] light = canvas.light();
    for (int i = 0; i < light.length; i++) {
      double deviation = StrictMath.sqrt(SHOT_NOISE * light[i] + READ_NOISE * READ_NOISE);
      double exposed = light[i] + deviation * normal(random);
      light[i] = Math.round(Math.clamp(exposed, 0.0, 1.0) * 255) / 255f;
    }
  }

  static double between(RandomGenerator random, double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** A standard normal value by the Box-Muller transform, in StrictMath: equal bits everywhere. */
  private static double normal(RandomGenerator random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
  }
}
