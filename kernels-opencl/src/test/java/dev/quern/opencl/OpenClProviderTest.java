package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.check.ProviderCheck;
import dev.quern.bench.selftest.Report;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenClProviderTest {
  @Test
  void listsOpensAndCloses() {
    var _ = OpenClTesting.device();
    assertEquals(List.of(), new Report(ProviderCheck.of(new OpenClProvider())).failures());
  }

  @Test
  void deniedNativeAccessIsAReason() {
    List<String> lines = ChildProcess.run("devices", Map.of(), "--illegal-native-access=deny");
    String first = lines.getFirst();
    assertTrue(first.startsWith("Native access is denied to JOCL: "), first);
    assertTrue(first.contains("--enable-native-access=dev.quern.opencl,jocl"), first);
    assertTrue(lines.get(1).startsWith("Backend 'opencl' cannot be used: "), lines.toString());
  }
}
