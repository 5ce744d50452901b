package dev.quern.opencl.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SourceExcerptTest {
  private static final String SOURCE =
      IntStream.rangeClosed(1, 30).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));

  @Test
  void showsLinesAroundEachError() {
    String log =
        """
        a.cl:1:1: warning: unused variable
        a.cl:12:5: error: use of undeclared identifier
        /usr/share/builtins.h:4711:1: error: expanded from here
        <kernel>:14:5: fatal error: too many errors
        """;
    String expected =
        IntStream.rangeClosed(8, 18)
            .mapToObj("%5d  line %<d"::formatted)
            .collect(Collectors.joining("\n", "      ...\n", ""));
    assertEquals(expected, SourceExcerpt.of(SOURCE, log));
  }

  @Test
  void showsPlacesThatAreNotCalledErrors() {
    assertEquals(
        "    1  line 1\n    2  line 2",
        SourceExcerpt.of("line 1\nline 2", "error: x.cl:2:1 <in lib.h:9:1>: oops"));
  }

  @Test
  void showsTheWholeSourceWhereNoPlaceIsNamed() {
    String excerpt = SourceExcerpt.of(SOURCE, "It does not compile.");
    assertEquals(30, excerpt.lines().count());
  }
}
