package dev.quern.train.data.listing;

import java.util.List;

/**
 * What was found of samples, before a picture was read.
 *
 * @param samples in the order of their names
 * @param notes what was left alone, a sentence each
 * @param faults what makes samples unusable, a sentence each; these are not among the samples
 */
public record Listing(List<SampleFiles> samples, List<String> notes, List<String> faults) {

  /** Copies the lists. */
  public Listing {
    samples = List.copyOf(samples);
    notes = List.copyOf(notes);
    faults = List.copyOf(faults);
  }
}
