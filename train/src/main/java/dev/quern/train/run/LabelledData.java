package dev.quern.train.run;

import dev.quern.train.data.CachedDataset;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.FirstLook;
import dev.quern.train.data.FolderDataset;
import dev.quern.train.data.SubsetDataset;
import dev.quern.train.data.listing.Listing;
import dev.quern.train.data.listing.SampleFiles;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads images with masks from one place or several, and gathers what is wrong with any of them.
 */
public final class LabelledData {

  private static final int SHOWN_FAULTS = 30;
  private static final int SHOWN_WARNINGS = 10;

  private final DataConfig.Reading reading;
  private final boolean skipBad;
  private final int threads;
  private final List<String> notes = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private int listed;

  /**
   * Nothing is read yet.
   *
   * @param reading how folders and masks are meant
   * @param skipBad whether samples that cannot be used are left out
   * @param threads that read
   */
  public LabelledData(DataConfig.Reading reading, boolean skipBad, int threads) {
    this.reading = reading;
    this.skipBad = skipBad;
    this.threads = threads;
  }

  /**
   * Samples of one place that can be used.
   *
   * @param data decoded when asked for
   * @param look what was seen of them
   * @param files of each
   */
  public record Part(Dataset data, FirstLook look, List<SampleFiles> files) {}

  /**
   * Reads every file of a place once.
   *
   * @param place given
   * @param cacheBytes how much may stay in memory decoded
   * @param progress is told how far it is
   * @return what can be used; {@link #judge} tells of the rest
   * @throws BadInputException when nothing can be found at all
   */
  public Part read(DataConfig.Place place, long cacheBytes, FirstLook.Progress progress) {
    Listing listing = reading.source(place).list();
    notes.addAll(listing.notes());
    faults.addAll(listing.faults());
    listed += listing.samples().size() + listing.faults().size();
    FolderDataset folder = new FolderDataset(listing.samples(), reading.rule());
    Dataset cached = new CachedDataset(folder, cacheBytes);
    FirstLook look = FirstLook.at(cached, threads, progress);
    faults.addAll(look.faults());
    warnings.addAll(look.warnings(reading.rule()));
    int[] good = look.looks().keySet().stream().mapToInt(Integer::intValue).toArray();
    List<SampleFiles> files = new ArrayList<>();
    for (int i : good) {
      files.add(folder.files().get(i));
    }
    return new Part(new SubsetDataset(cached, good), look, files);
  }

  /**
   * Ends the reading.
   *
   * @throws BadInputException with all faults, when there are any that are not to be skipped, or
   *     nothing is left
   */
  public void judge() {
    warnings.stream().limit(SHOWN_WARNINGS).map("Warning: "::concat).forEach(notes::add);
    if (warnings.size() > SHOWN_WARNINGS) {
      notes.add("and " + Count.of(warnings.size() - SHOWN_WARNINGS, "warning") + " more.");
    }
    if (faults.isEmpty()) {
      return;
    }
    if (!skipBad || faults.size() >= listed) {
      if (faults.size() == 1) {
        throw new BadInputException(faults.getFirst());
      }
      throw new BadInputException(
          faults.size() >= listed
              ? "None of the %d samples can be used:".formatted(listed)
              : "%d of %d samples cannot be used; mend or remove them, or go on without them with --skip-bad:"
                  .formatted(faults.size(), listed),
          shown(faults));
    }
    notes.add("Skipped %d of %d samples, which cannot be used:".formatted(faults.size(), listed));
    shown(faults).forEach(fault -> notes.add("  " + fault));
  }

  /** As many as one can read. */
  private static List<String> shown(List<String> faults) {
    if (faults.size() <= SHOWN_FAULTS) {
      return faults;
    }
    List<String> shown = new ArrayList<>(faults.subList(0, SHOWN_FAULTS));
    shown.add("and %d more".formatted(faults.size() - SHOWN_FAULTS));
    return shown;
  }

  /**
   * What was left alone, skipped or doubtful.
   *
   * @return a sentence each
   */
  public List<String> notes() {
    return List.copyOf(notes);
  }
}
