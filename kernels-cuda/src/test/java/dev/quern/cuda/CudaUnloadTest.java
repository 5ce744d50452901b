package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.check.UnloadCheck;
import org.junit.jupiter.api.Test;

class CudaUnloadTest {
  @Test
  void classLoadersAreUnloaded() throws Exception {
    // skips the test where there is no device
    CudaTesting.open().close();
    assertEquals(0, UnloadCheck.loadersLeft("cuda"));
  }
}
