package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command line as the launcher starts it, in a process of its own. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {

  private static final int CLOSED_PIPE = 141;

  @TempDir Path folder;

  /** What a shell command with {@code quern} in it did. */
  private record Outcome(int code, String out, String err) {}

  @Test
  void errorsAreTheSentenceAloneInAFile() throws IOException, InterruptedException {
    Outcome outcome = shell("quern evaluate --nonsense");
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().startsWith("quern: "), outcome.err());
    assertFalse(outcome.err().contains("incubator"), outcome.err());
  }

  @Test
  void errorsAreTheSentenceAloneInAPipe() throws IOException, InterruptedException {
    Outcome outcome = shell("quern evaluate --nonsense 2>&1 | cat");
    assertTrue(outcome.out().startsWith("quern: "), outcome.out());
    assertFalse(outcome.out().contains("incubator"), outcome.out());
  }

  @Test
  void outputAndErrorsInOneFileKeepTheirOrderAndPlace() throws IOException, InterruptedException {
    Outcome outcome =
        shell("{ echo before; quern --version; quern --nonsense || true; echo after; } 2>&1");
    List<String> lines = outcome.out().lines().toList();
    assertEquals("before", lines.getFirst());
    assertEquals("quern 0.1.0", lines.get(1));
    assertTrue(lines.get(2).startsWith("quern: "), outcome.out());
    assertEquals("after", lines.getLast());
  }

  @Test
  void errorsOfTheVirtualMachineAreShown() throws IOException, InterruptedException {
    // a pipe, which ends when the filter does
    Outcome outcome =
        shell(
            "export QUERN_JAVA_OPTS=-XX:NoSuchOption\n"
                + "{ quern --version; echo \"code $?\"; } 2>&1 | cat");
    assertTrue(outcome.out().contains("NoSuchOption"), outcome.out());
    assertTrue(outcome.out().contains("code 1"), outcome.out());
  }

  @Test
  void aClosedErrorStreamIsNoFault() throws IOException, InterruptedException {
    Outcome outcome = shell("quern --version 2>&-");
    assertEquals(0, outcome.code());
    assertEquals("quern 0.1.0", outcome.out().strip());
  }

  @Test
  void signalsReachTheVirtualMachine() throws IOException, InterruptedException {
    for (Map.Entry<String, Integer> signal :
        Map.of("TERM", 143, "INT", 130, "KILL", 137).entrySet()) {
      // a job in the background of a shell without job control ignores INT
      Outcome outcome =
          shell(
              """
              set -m
              launch "$JAVA" "$MODULES" -- train --model pixel --synthetic 20 --epochs 1000 --backend reference --out %1$s >log &
              for i in {1..300}; do [ -e %1$s/config.json ] && break; sleep 0.1; done
              kill -%2$s $!
              wait $!\
              """
                  .formatted(folder.resolve(signal.getKey()), signal.getKey()));
      assertEquals(signal.getValue(), outcome.code(), outcome.toString());
      assertFalse(outcome.err().contains("incubator"), outcome.err());
    }
  }

  @Test
  void fileNamesOfAnyLettersWorkInTheCLocale() throws IOException, InterruptedException {
    String accents = "gew\u00e4sser-\u6c34";
    Path images = folder.resolve(accents);
    MaskPng.write(images.resolve("\u00e9.png"), new Mask(2, 2, new byte[4]));
    for (String locale :
        List.of("export LC_ALL=C", "export LC_ALL=POSIX", "unset LC_ALL LANG LC_CTYPE")) {
      Outcome outcome = shell(locale + "\nquern train --images " + accents + " --masks nowhere");
      assertEquals(2, outcome.code());
      assertTrue(outcome.err().contains("nowhere"), outcome.err());
      assertFalse(outcome.err().contains("unmappable"), outcome.err());
    }
  }

  @Test
  void withoutTheLauncherTheCLocaleIsNamed() throws IOException, InterruptedException {
    Outcome outcome =
        shell(
            "LC_ALL=C \"$JAVA\" --module-path \"$MODULES\" --module dev.quern.train/dev.quern.train.Main"
                + " train --images gew\u00e4sser");
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("--images has letters"), outcome.err());
    assertTrue(outcome.err().contains("set LC_ALL=C.UTF-8"), outcome.err());
  }

  @Test
  void numbersHaveLatinDigitsInEveryLocale() throws IOException, InterruptedException {
    Outcome outcome =
        shell(
            "export QUERN_JAVA_OPTS='-Duser.language=ar -Duser.country=EG'\n"
                + "quern devices; quern train --epochs 0; quern bench --help");
    String all = outcome.out() + outcome.err();
    assertTrue(all.contains("--epochs is 0"), all);
    assertTrue(all.chars().noneMatch(c -> c > 127 && Character.isDigit(c)), all);
  }

  @Test
  void aHeapThatIsTooSmallIsOneSentence() throws IOException, InterruptedException {
    Outcome outcome =
        shell(
            "export QUERN_JAVA_OPTS=-Xmx32m\n"
                + "quern train --model pixel --synthetic 60 --epochs 1 --pixels 40000 --backend reference --out run");
    assertEquals(1, outcome.code());
    assertEquals(1, outcome.err().lines().count(), outcome.err());
    assertTrue(outcome.err().startsWith("quern: The heap of 32 MB is too small"), outcome.err());
    assertTrue(outcome.err().contains("QUERN_JAVA_OPTS=-Xmx8g"), outcome.err());
  }

  @Test
  void aFullDeviceIsAFailure() throws IOException, InterruptedException {
    for (String command :
        List.of("devices", "--help", "--version", "selftest --backend reference --random 1", "")) {
      Outcome outcome = shell("quern " + command + " >/dev/full");
      assertEquals(1, outcome.code(), command);
      assertTrue(
          outcome.err().contains("Cannot write the output: No space left on device"),
          outcome.err());
    }
  }

  @Test
  void aClosedPipeEndsQuietly() throws IOException, InterruptedException {
    Outcome outcome = shell("{ quern train --help; echo $? >code; } | true; cat code");
    assertEquals(CLOSED_PIPE, Integer.parseInt(outcome.out().strip()), outcome.toString());
    assertEquals("", outcome.err());
  }

  private Outcome shell(String script) throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    Path launcher = Path.of("src/main/launcher/launch.sh").toAbsolutePath();
    ProcessBuilder builder =
        new ProcessBuilder(
                "bash",
                "-c",
                ". '%s'\nquern() ( launch \"$JAVA\" \"$MODULES\" -- \"$@\"; )\n%s"
                    .formatted(launcher, script))
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    environment.put("MODULES", ModulePath.all());
    environment.put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES));
    return new Outcome(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
