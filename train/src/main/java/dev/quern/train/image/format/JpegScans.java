package dev.quern.train.image.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Notes which coefficients the scans of a JPEG picture bring, to know one that lacks its end. */
final class JpegScans {

  private static final int COEFFICIENTS = 64;
  private static final int NEVER = 255;

  private final int components;
  private final boolean progressive;

  /** By component: the lowest bit that came of each coefficient. */
  private final Map<Integer, int[]> lowest = new HashMap<>();

  JpegScans(int components, boolean progressive) {
    this.components = components;
    this.progressive = progressive;
  }

  /** Takes the content of an SOS segment. */
  void add(MemorySegment scan) {
    int count = unsigned(scan, 0);
    int first = progressive ? unsigned(scan, 1 + 2L * count) : 0;
    int last = progressive ? unsigned(scan, 2 + 2L * count) : COEFFICIENTS - 1;
    int bit = progressive ? unsigned(scan, 3 + 2L * count) & 15 : 0;
    for (int i = 0; i < count; i++) {
      int[] bits =
          lowest.computeIfAbsent(
              unsigned(scan, 1 + 2L * i),
              _ -> {
                int[] none = new int[COEFFICIENTS];
                Arrays.fill(none, NEVER);
                return none;
              });
      for (int c = first; c <= last && c < COEFFICIENTS; c++) {
        bits[c] = bit;
      }
    }
  }

  boolean complete() {
    return lowest.size() == components
        && lowest.values().stream().allMatch(bits -> Arrays.stream(bits).allMatch(b -> b == 0));
  }

  private static int unsigned(MemorySegment from, long at) {
    return at < from.byteSize() ? from.get(ValueLayout.JAVA_BYTE, at) & 0xFF : 0;
  }
}
