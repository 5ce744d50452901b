package dev.quern.bench.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartTest {

  @Test
  void partsAreDisjointAndMakeTheWhole() {
    var seen = new ArrayList<Integer>();
    for (int number = 1; number <= 3; number++) {
      Part part = Part.parse(number + "/3");
      seen.addAll(part.of(List.of(0, 1)));
      seen.addAll(part.of(List.of()));
      seen.addAll(part.of(List.of(2, 3, 4, 5, 6)));
    }
    assertEquals(List.of(0, 3, 6, 1, 4, 2, 5), seen);
    assertEquals(List.of(7, 8), Part.parse("1/1").of(List.of(7, 8)));
    assertEquals(List.of(), Part.parse("9/9").of(List.of(7, 8)));
  }

  @Test
  void nonsenseIsRefused() {
    for (String text : List.of("", "1", "0/2", "3/2", "a/b", "1/2/3")) {
      var e = assertThrows(IllegalArgumentException.class, () -> Part.parse(text));
      assertTrue(String.valueOf(e.getMessage()).contains("A part is K/N"), e.getMessage());
    }
  }
}
