package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run on disks of growing size, so that each of its writes in turn finds the disk full: one
 * sentence, nothing half written. With more room the run goes on to the bytes of one go.
 */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {

  /** From too little for the folder to enough for all but the report, and for that too. */
  private static final int[] KILOBYTES = {8, 12, 16, 20, 24, 28, 100, 400};

  private static final int[] FEW_KILOBYTES = {8, 16, 28, 400};

  /** In a mount namespace of its own: a small disk, the run, then a larger disk and the rest. */
  private static final String SCRIPT =
      """
      disk=$1; size=$2; shift 2
      mount -t tmpfs -o size=${size}k none "$disk" || exit 99
      "$@" train --model=pixel --synthetic=3 --epochs=3 --pixels=100 --backend=reference --out="$disk/run" 2>"$disk.err"
      code=$?
      ls -A "$disk/run" >"$disk.files" 2>/dev/null
      mount -o remount,size=10m "$disk"
      if [ $code -ne 0 ]; then
        if [ -e "$disk/run/config.json" ]; then
          "$@" train --resume "$disk/run" 2>"$disk.err2" || "$@" report "$disk/run" 2>>"$disk.err2"
        else
          "$@" train --model=pixel --synthetic=3 --epochs=3 --pixels=100 --backend=reference --out="$disk/run" 2>"$disk.err2"
        fi || { cat "$disk.err2"; exit 98; }
      fi
      cp "$disk/run/checkpoint-last.safetensors" "$disk.last"
      cp "$disk/run/report.html" "$disk.report"
      exit $code
      """;

  @TempDir Path folder;

  @Test
  void someWriteMayFindTheDiskFull() throws IOException, InterruptedException {
    assertRunsOnFullDisksGoOn(FEW_KILOBYTES);
  }

  @Test
  @Tag("thorough")
  void everyWriteMayFindTheDiskFull() throws IOException, InterruptedException {
    assertRunsOnFullDisksGoOn(KILOBYTES);
  }

  private void assertRunsOnFullDisksGoOn(int[] kilobytes) throws IOException, InterruptedException {
    assumeTrue(
        new ProcessBuilder("unshare", "-rm", "true").start().waitFor() == 0,
        "this user cannot have a disk of its own");
    byte[] whole = new byte[0];
    List<String> full = new ArrayList<>();
    for (int size : kilobytes) {
      Path disk = Files.createDirectory(folder.resolve("disk" + size));
      List<String> command =
          new ArrayList<>(List.of("unshare", "-rm", "bash", "-c", SCRIPT, "run"));
      command.addAll(List.of(disk.toString(), String.valueOf(size)));
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-XX:-UsePerfData", "--module-path", ModulePath.all()));
      command.addAll(List.of("--module", "dev.quern.train/dev.quern.train.Main"));
      Path out = folder.resolve("out" + size);
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start();
      int code = process.waitFor();
      assumeTrue(code != 99, "this user cannot have a disk of its own");
      String error = Files.readString(folder.resolve("disk" + size + ".err"));
      String said = size + " KB: " + error + Files.readString(out);
      if (code != 0) {
        assertEquals(2, code, said);
        List<String> sentences = error.lines().filter(line -> line.startsWith("quern:")).toList();
        assertEquals(1, sentences.size(), said);
        assertTrue(sentences.getFirst().contains("No space left"), said);
        full.add(sentences.getFirst());
      }
      List<String> files = Files.readAllLines(folder.resolve("disk" + size + ".files"));
      assertTrue(files.stream().noneMatch(file -> file.endsWith(".part")), files + said);
      byte[] last = Files.readAllBytes(folder.resolve("disk" + size + ".last"));
      assertTrue(whole.length == 0 || Arrays.equals(whole, last), said);
      whole = last;
    }
    // not all at the same write
    assertTrue(full.stream().distinct().count() >= 3, full.toString());
    assertTrue(full.size() < kilobytes.length, full.toString());
  }
}
