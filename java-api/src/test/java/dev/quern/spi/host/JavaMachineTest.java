package dev.quern.spi.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class JavaMachineTest {
  private static final String HOTSPOT = "OpenJDK 64-Bit Server VM";

  @Test
  void namesWhatIsMissingAndTheRemedy() {
    assertEquals(List.of(), JavaMachine.vectorObstacles(HOTSPOT, "mixed mode, sharing", true));
    String client = only(HOTSPOT, "mixed mode, emulated-client, sharing", true);
    assertTrue(client.contains("-XX:TieredStopAtLevel"), client);
    assertTrue(only(HOTSPOT, "interpreted mode", true).contains("-Xint"));
    assertTrue(only("Eclipse OpenJ9 VM", "", true).contains("Eclipse OpenJ9 VM"));
    assertTrue(only(HOTSPOT, "mixed mode", false).contains("-XX:-UseFMA"));
    assertEquals(
        2, JavaMachine.vectorObstacles(HOTSPOT, "mixed mode, emulated-client", false).size());
  }

  private static String only(String name, String info, boolean fused) {
    List<String> reasons = JavaMachine.vectorObstacles(name, info, fused);
    assertEquals(1, reasons.size());
    return reasons.getFirst();
  }
}
