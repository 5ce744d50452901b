package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.layout.LovaszLayout;
import java.util.List;

/** Launches {@code lovasz_sort.cu}: one kernel that counts digits, and one for each pass. */
final class CudaLovaszSort {
  /** The entries of {@code lovasz_sort.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "lovasz_histogram",
              pointer("keys"),
              pointer("lists"),
              pointer("digits"),
              int64("length")),
          Signature.of(
              "lovasz_scatter",
              pointer("keys"),
              pointer("payloads"),
              pointer("sorted_keys"),
              pointer("sorted_payloads"),
              pointer("lists"),
              pointer("digits"),
              pointer("look_back"),
              pointer("next_look_back"),
              int64("length"),
              int64("chunks"),
              int32("shift")));

  /** What a block of the histogram takes. */
  static final long HISTOGRAM_ELEMENTS = 4L * LovaszLayout.CHUNK;

  private static final int DIGIT_BITS = 8;

  private final FamilyModule module;

  CudaLovaszSort(FamilyModule module) {
    this.module = module;
  }

  /** Counts the digits of all places, and what is kept and of the foreground. */
  void histogram(CudaLovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    Kernel kernel = lists.records(lists.keys(module.kernel("lovasz_histogram"), 0));
    module.launch(
        lists.digits(kernel).scalar(layout.length()),
        layout.count() * Math.ceilDiv(layout.length(), HISTOGRAM_ELEMENTS));
  }

  /**
   * Sorts from half 0 to half 0. Each pass looks back through the words that the one before it
   * emptied; those it empties itself are, after the last, turn 0.
   */
  void sort(CudaLovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    for (int place = 0; place < CudaLovaszScratch.PLACES; place++) {
      int from = place % 2;
      Kernel kernel = lists.pairs(module.kernel("lovasz_scatter"), from);
      lists.digits(lists.records(lists.pairs(kernel, 1 - from)));
      module.launch(
          lists
              .lookBack(lists.lookBack(kernel, from), 1 - from)
              .scalar(layout.length())
              .scalar(layout.chunks())
              .scalar(place * DIGIT_BITS),
          lists.chunks());
    }
  }
}
