package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.check.ProviderCheck;
import dev.quern.bench.selftest.Report;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaProviderTest {
  /** Without a device it tells the reasons. */
  @Test
  void listsOpensAndCloses() {
    assertEquals(List.of(), new Report(ProviderCheck.of(new CudaProvider())).failures());
  }
}
