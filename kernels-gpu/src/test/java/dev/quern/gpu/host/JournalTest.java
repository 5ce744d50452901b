package dev.quern.gpu.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class JournalTest {
  private final Journal journal = new Journal();

  @Test
  void namesTheKernelsSinceTheLastSuccess() {
    journal.launched("fill_f32");
    long position = journal.position();
    journal.launched("scale");
    journal.launched("adam");
    journal.succeeded(position);
    assertTrue(journal.suspects().contains("last success: scale, adam. "), journal.suspects());
    journal.succeeded(journal.position());
    assertEquals(" No kernel was under way.", journal.suspects());
  }

  @Test
  void neverForgetsASuccess() {
    journal.launched("fill_f32");
    journal.succeeded(1);
    journal.succeeded(0);
    assertEquals(" No kernel was under way.", journal.suspects());
  }

  @Test
  void countsWhatItNoLongerNames() {
    for (int i = 0; i < 100; i++) {
      journal.launched("k" + i);
    }
    assertTrue(journal.suspects().contains(": 36 kernels, then k36, k37,"), journal.suspects());
    assertTrue(journal.suspects().contains("k98, k99. "), journal.suspects());
  }
}
