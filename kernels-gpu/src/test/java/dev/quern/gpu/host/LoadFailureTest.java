package dev.quern.gpu.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LoadFailureTest {
  @Test
  void knownReasonsGetTheirRemedy() {
    Throwable denied = new IllegalCallerException("Illegal native access from module x");
    String sentence = explain(new ExceptionInInitializerError(denied));
    assertTrue(sentence.contains("--enable-native-access=dev.a,b"), sentence);
    // as JOCL throws it, over many lines
    String several =
        "Error while loading\n\tat x\n/tmp/a.so: failed to map segment from shared object\n";
    sentence = explain(new UnsatisfiedLinkError(several));
    assertTrue(sentence.contains("noexec"), sentence);
    assertTrue(sentence.contains("-Djava.io.tmpdir"), sentence);
    assertEquals(1, sentence.lines().count());
    assertEquals("otherwise", explain(new UnsatisfiedLinkError("no b in java.library.path")));
  }

  private static String explain(Throwable failure) {
    return LoadFailure.explain(failure, "B", "dev.a,b", "otherwise");
  }
}
