package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.check.UnloadCheck;
import org.junit.jupiter.api.Test;

class OpenClUnloadTest {
  @Test
  void classLoadersAreUnloaded() throws Exception {
    // skips the test where there is no device
    OpenClTesting.open().close();
    assertEquals(0, UnloadCheck.loadersLeft("opencl"));
  }
}
