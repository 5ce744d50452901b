package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.train.batch.Band;
import dev.quern.train.data.FolderDataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.listing.DataSource;
import dev.quern.train.data.listing.Listing;
import dev.quern.train.data.listing.SampleFiles;
import dev.quern.train.data.mask.MaskRule;
import dev.quern.train.image.PictureFiles;
import dev.quern.train.image.PictureWriter;
import dev.quern.train.image.sample.Size;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import dev.quern.train.trainer.TrainedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the predicted mask of every image. */
@Command(
    name = "predict",
    description = "Write a mask for every image, as PNG of 0 and 255.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class PredictCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private CheckpointOption checkpoint;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "PATH",
      description = "Folder of images, or a single image: PNG, JPEG, TIFF, BMP, GIF or WebP.")
  private Path images;

  @Option(names = "--recursive", description = "Look into sub-folders, too.")
  private boolean recursive;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the masks, which get the names of the images.")
  private Path out;

  @Mixin private ThresholdOption threshold;

  @Option(
      names = "--probabilities",
      description = "Write probabilities instead, as 16-bit grey PNG: 0 is 0, 65535 is 1.")
  private boolean probabilities;

  @Option(
      names = "--overwrite",
      description = "Replace files in --out that quern predict did not write.")
  private boolean overwrite;

  @Option(
      names = "--skip-bad",
      description = "End well although some images cannot be used, and say which.")
  private boolean skipBad;

  @Mixin private EngineOptions options;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public PredictCommand() {}

  @Override
  public Integer call() {
    DataSource source =
        new DataSource(images, null, null, DataSource.Layout.FOLDERS, "", recursive, null);
    Listing listing = source.listImages();
    BinaryConfusionOptions metric = new BinaryConfusionOptions().withThreshold(threshold.value());
    requireFree(listing.samples());
    List<String> faults = new ArrayList<>(listing.faults());
    List<SampleFiles> usable = new ArrayList<>();
    long pixels = pixels(listing.samples(), usable, faults);
    PrintWriter console = spec.commandLine().getOut();
    listing.notes().forEach(console::println);
    int written = 0;
    if (!usable.isEmpty()) {
      FolderDataset data = new FolderDataset(usable, MaskRule.AUTO);
      int[] done = new int[1];
      try (Engine engine = options.open(options.backend);
          TrainedModel model = checkpoint.load(engine, metric, options);
          ImageProgress progress = ImageProgress.ofPixels(console, "predicting", pixels)) {
        AtomicFile.requireWritable(file(usable.getFirst().name()));
        float cut = metric.cut();
        model.predict(
            data,
            (sample, bands) -> {
              write(sample, bands, cut, progress);
              sample.warnings().forEach(warning -> console.println("Warning: " + warning));
              done[0]++;
            },
            unusable -> faults.add(String.valueOf(unusable.getMessage())));
      }
      written = done[0];
    }
    judge(faults, written);
    console.printf("%s in %s%n", written == 1 ? "1 mask is" : written + " masks are", out);
    console.flush();
    return 0;
  }

  private Path file(String name) {
    return out.resolve(name + ".png");
  }

  /** Before anything is computed: no image and no mask of somebody else's is overwritten. */
  private void requireFree(List<SampleFiles> samples) {
    List<Path> others = new ArrayList<>();
    Set<Path> inputs = new HashSet<>();
    samples.forEach(sample -> inputs.add(real(sample.image())));
    for (SampleFiles sample : samples) {
      Path file = file(sample.name());
      if (!Files.exists(file)) {
        continue;
      }
      if (inputs.contains(real(file))) {
        throw new BadInputException(
            "--out %s would overwrite the image %s; give another folder.".formatted(out, file));
      }
      if (!overwrite && !PictureWriter.isOurs(file)) {
        others.add(file);
      }
    }
    if (!others.isEmpty()) {
      throw new BadInputException(
          "--out %s holds %s that quern predict did not write, such as %s; give another folder, or --overwrite."
              .formatted(out, Count.of(others.size(), "file"), others.getFirst().getFileName()));
    }
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException _) {
      return file.toAbsolutePath().normalize();
    }
  }

  private static long pixels(
      List<SampleFiles> samples, List<SampleFiles> usable, List<String> faults) {
    long pixels = 0;
    for (SampleFiles sample : samples) {
      try {
        Size size = PictureFiles.size(sample.image(), sample.page());
        pixels += (long) size.width() * size.height();
        usable.add(sample);
      } catch (BadInputException e) {
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    return pixels;
  }

  private void write(Sample sample, Iterator<Band> bands, float cut, ImageProgress progress) {
    int width = sample.image().width();
    int height = sample.image().height();
    Rows rows = new Rows(bands, width, progress);
    Path file = file(sample.name());
    if (probabilities) {
      PictureWriter.writeGrey16(
          file,
          width,
          height,
          (y, row) -> {
            for (int x = 0; x < width; x++) {
              row[x] = (int) Math.round(65535 / (1 + Math.exp(-rows.logit(y, x))));
            }
          });
    } else {
      PictureWriter.writeGrey(
          file,
          width,
          height,
          (y, row) -> {
            for (int x = 0; x < width; x++) {
              row[x] = rows.logit(y, x) >= cut ? 255 : 0;
            }
          });
    }
    rows.finish();
  }

  /** Hands out the rows of bands from top to bottom. */
  private static final class Rows {
    private final Iterator<Band> bands;
    private final int width;
    private final ImageProgress progress;
    private @Nullable Band band;

    Rows(Iterator<Band> bands, int width, ImageProgress progress) {
      this.bands = bands;
      this.width = width;
      this.progress = progress;
    }

    float logit(int y, int x) {
      Band current = band;
      while (current == null || y >= current.y() + current.rows()) {
        current = bands.next();
        progress.step(current.logits().length);
        band = current;
      }
      return current.logits()[(y - current.y()) * width + x];
    }

    void finish() {
      if (bands.hasNext()) {
        throw new IllegalStateException("Rows are left over.");
      }
    }
  }

  private void judge(List<String> faults, int written) {
    if (faults.isEmpty()) {
      return;
    }
    if (skipBad && written > 0) {
      PrintWriter console = spec.commandLine().getOut();
      console.printf("Skipped %s:%n", Count.of(faults.size(), "image"));
      faults.forEach(fault -> console.println("  " + fault));
      return;
    }
    if (written == 0 && faults.size() == 1) {
      throw new BadInputException(faults.getFirst());
    }
    throw new BadInputException(
        written == 0
            ? "None of the %d images can be used:".formatted(faults.size())
            : "%s cannot be used, the masks of the other %d are in %s; --skip-bad takes this for success:"
                .formatted(Count.of(faults.size(), "image"), written, out),
        faults);
  }
}
