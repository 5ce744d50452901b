package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What transfers do to the process that they run in. */
class OpenClMemoryTest {
  @BeforeEach
  void requireDevice() {
    var _ = OpenClTesting.device();
  }

  /** Threads cost a hand-over, and some drivers cannot be called from two. */
  @Test
  void transfersStartNoThread() {
    List<String> lines = ChildProcess.run("transfers", Map.of(), ChildProcess.NATIVE_ACCESS);
    assertEquals(List.of("opencl:0 computes [2.0, 4.0]", "later 0.0, of 1000"), lines);
  }

  /** In a process of its own, which a wrong event ends. */
  @Test
  void valuesReadLaterAreRightWhileAnotherThreadUploads() {
    List<String> lines =
        ChildProcess.run("reads beside uploads", Map.of(), ChildProcess.NATIVE_ACCESS);
    assertEquals(List.of("0 wrong"), lines);
  }
}
