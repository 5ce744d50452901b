package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Each kind of fault of a command line is one sentence and one hint; help is where it is sought.
 */
class CommandLineTest {

  @Test
  void unknownOptions() {
    fault("train", "quern: train has no option --epoch; did you mean --epochs?", "--epoch", 5);
    fault("train", "no option --epcohs; did you mean --epochs?", "--epcohs=5");
    fault("train", "no option -epochs; did you mean --epochs?", "-epochs", 5);
    fault("train", "no option --BATCH_SIZE; did you mean --batch-size?", "--BATCH_SIZE", 5);
    fault("train", "no option --thresh; did you mean --threshold?", "--thresh", 5);
    fault("train", "no option --nonsense.", "--nonsense");
    fault("selftest", "no option --backends; did you mean --backend?", "--backends", "simd");
    assertFault(
        Quern.run("--versoin"),
        "quern has no option --versoin; did you mean --version?",
        "quern --help");
  }

  @Test
  void anUnknownOptionIsToldBeforeTheOneThatIsMissingForIt() {
    fault("evaluate", "no option --chekpoint; did you mean --checkpoint?", "--chekpoint", "x");
  }

  @Test
  void unknownCommands() {
    assertFault(
        Quern.run("trian"), "There is no command trian; did you mean train?", "quern --help");
    assertFault(Quern.run("eval"), "no command eval; did you mean evaluate?", "quern --help");
    assertFault(Quern.run("frobnicate"), "There is no command frobnicate.", "quern --help");
    assertFault(
        Quern.run("help", "benhc"), "no command benhc; did you mean bench?", "quern --help");
  }

  @Test
  void missingValues() {
    fault("train", "--epochs has no value; write --epochs N.", "--epochs");
    fault("train", "--images has no value; write --images DIR.", "--images", "--masks", "m");
    fault("bench", "--json has no value; write --json FILE.", "--json");
  }

  @Test
  void missingOptions() {
    fault("predict", "quern: predict needs --images PATH and --out DIR.", "--checkpoint", "x");
    Quern evaluate = Quern.run("evaluate", "--checkpoint", "x");
    assertEquals(2, evaluate.code());
    assertTrue(
        evaluate.err().contains("evaluate needs --images DIR and --masks DIR, or --pairs FILE."),
        evaluate.err());
  }

  @Test
  void valuesThatAreNoNumbers() {
    fault("train", "--epochs is 'x'; give a whole number.", "--epochs", "x");
    fault("train", "--epochs is '1e3'; give a whole number.", "--epochs=1e3");
    fault("train", "--epochs is ''; give a whole number.", "--epochs=");
    fault("train", "--epochs is '99999999999'; give a whole number.", "--epochs", "99999999999");
    fault("train", "--lr is '0,5'; give a number, such as 0.5.", "--lr", "0,5");
    fault("selftest", "--seed is '1.5'; give a whole number.", "--seed", "1.5");
    fault("bench", "--sizes '4G' is not a number of elements", "--sizes", "4G");
  }

  @Test
  void threadsThatNoBackendCanHave() {
    for (int threads : new int[] {0, -1, 10_000}) {
      Quern quern = Quern.run("train", "--threads", threads, "--synthetic", 1);
      assertEquals(2, quern.code());
      assertEquals("quern: --threads is " + threads + "; give 1 to 9999.", quern.err().strip());
    }
  }

  @Test
  void valuesThatAreNotOffered() {
    fault("train", "--optimizer is 'lion'; give one of ADAM, ADAMW, SGD.", "--optimizer", "lion");
    fault("bench", "--dtype is 'f8'; give one of F32, F64", "--dtype", "f32,f8");
  }

  @Test
  void emptyPaths() {
    fault("train", "--images is empty; name a file or folder.", "--images", "");
    fault("bench", "--json is empty; name a file or folder.", "--json=");
  }

  @Test
  void optionsGivenTwice() {
    fault("train", "--epochs is given twice; give it once.", "--epochs", 1, "--epochs", 2);
    fault("bench", "--quick is given twice; give it once.", "--quick", "--quick");
  }

  @Test
  void strayArguments() {
    fault(
        "train",
        "train takes no argument 'images' without an option before it; did you mean --images?",
        "images");
    fault("devices", "devices takes no argument '5' without an option before it.", "5");
    fault("train", "takes no argument '@scans'", "@scans");
  }

  @Test
  void linesInWhatTheUserTypedStayOne() {
    fault("train", "no option --a b.", "--a\nb");
  }

  @Test
  void helpOfCommands() {
    for (List<Object> words :
        List.<List<Object>>of(List.of("help", "train"), List.of("train", "--help"))) {
      Quern quern = Quern.run(words.toArray());
      assertEquals(0, quern.code());
      assertTrue(quern.out().startsWith("Usage: quern train "), quern.out());
      assertEquals("", quern.err());
    }
    for (List<Object> words :
        List.<List<Object>>of(List.of("help"), List.of("--help"), List.of())) {
      Quern quern = Quern.run(words.toArray());
      assertEquals(0, quern.code());
      assertTrue(quern.out().startsWith("Usage: quern "), quern.out());
      assertTrue(quern.out().contains("141"), quern.out());
    }
  }

  private static void fault(String command, String sentence, Object... arguments) {
    Object[] words = new Object[arguments.length + 1];
    words[0] = command;
    System.arraycopy(arguments, 0, words, 1, arguments.length);
    assertFault(Quern.run(words), sentence, "quern " + command + " --help");
  }

  private static void assertFault(Quern quern, String sentence, String help) {
    assertEquals(2, quern.code(), quern.err());
    List<String> lines = quern.err().lines().toList();
    assertEquals(2, lines.size(), quern.err());
    assertTrue(lines.getFirst().startsWith("quern: "), quern.err());
    assertTrue(lines.getFirst().contains(sentence), quern.err());
    assertEquals("quern: see " + help, lines.getLast());
    assertEquals("", quern.out());
  }
}
