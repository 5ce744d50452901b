package dev.quern.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Machine;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.ParityRow;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.bench.speed.result.Visit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchReportTest {

  private static final List<String> KERNELS = List.of("copy", "dice <\"u8\">", "adam");

  @TempDir Path folder;

  /** The GPU starts late and is steep; one kernel has no CPU but the reference. */
  private static SpeedRun run(double slowdown) {
    var measurements = new ArrayList<Measurement>();
    for (String kernel : KERNELS) {
      for (long n = 1 << 10; n <= 1 << 20; n *= 8) {
        measurements.add(measured("cuda:0", kernel, false, n, 5_000 + n / 200.0));
        if (!kernel.equals("adam")) {
          measurements.add(measured("simd:0", kernel, false, n, n / 4.0 * slowdown));
        }
        measurements.add(measured("reference:0", kernel, false, n, 5.0 * n));
        if (kernel.startsWith("dice")) {
          measurements.add(measured("cuda:0", kernel, true, n, 100_000 + n / 50.0));
          measurements.add(measured("simd:0", kernel, true, n, 3.0 * n));
        }
      }
      measurements.add(
          new Measurement(
              "simd:0", "family", kernel, false, "F32", 1 << 26, 1, 1, List.of(), "too large"));
    }
    return new SpeedRun(
        1,
        "quern test",
        "2026-01-01T00:00:00Z",
        12,
        "quern bench",
        new Machine("a </script> cpu", "amd64", 2, 1L << 33, "linux", "java", List.of()),
        List.of(
            device("cuda:0", 3000, 50_000),
            device("simd:0", 40, 200),
            device("reference:0", 20, 5)),
        measurements,
        List.of(
            new ParityRow("cuda:0", "copy", 65536, 0, 0),
            new ParityRow("simd:0", "copy", 65536, 1.5, 0.4)));
  }

  private static Measurement measured(
      String device, String kernel, boolean unfused, long n, double nanos) {
    var visits =
        List.of(
            new Visit(List.of(nanos, 1.02 * nanos), 100),
            new Visit(List.of(1.01 * nanos, 0.99 * nanos), 100),
            new Visit(List.of(nanos), 100));
    return new Measurement(
        device, "pointwise", kernel, unfused, "F32", n, 8 * n, 10.0 * n, visits, null);
  }

  private static DeviceRun device(String id, double gbs, double gflops) {
    return new DeviceRun(
        id, "name of " + id, "CPU", "driver", 2, new Ceilings(gbs, gbs, gbs, gflops, 1, 10, 10));
  }

  @Test
  void theFileNeedsNothingElseAndNamesEverything() throws IOException {
    Path file = folder.resolve("report.html");
    new BenchReport(run(1), null).write(file);
    String html = Files.readString(file);
    assertFalse(html.contains("<link") || html.contains(" src="), "files beside it");
    assertFalse(html.contains("url(") || html.contains("@import"), "files beside it");
    assertTrue(html.contains("dice &lt;&quot;u8&quot;&gt;"));
    assertTrue(html.contains("a &lt;/script&gt; cpu"));
    assertTrue(html.contains("too large"));
    assertFalse(html.contains("Since the older run"));
  }

  @Test
  void whatBecameSlowerIsShown() throws IOException {
    Path file = folder.resolve("report.html");
    SpeedRun slow = run(1.5);
    new BenchReport(slow, Comparison.of(List.of(run(1)), List.of(slow))).write(file);
    String html = Files.readString(file);
    assertTrue(html.contains("<td class=\"slower\">slower</td>"));
    assertTrue(html.contains("2 of 7 kernels changed"));
  }

  @Test
  void everyChartIsDrawnInABrowserWithoutComplaint() throws Exception {
    Path file = folder.resolve("report.html");
    new BenchReport(run(1), Comparison.of(List.of(run(1)), List.of(run(1)))).write(file);
    Page page = open(file);
    assertEquals("", page.complaints());
    assertTrue(page.dom().contains("data-charts=\"6\""), "three rooflines and three sweeps");
    assertEquals(6, page.dom().split("<canvas", -1).length - 1);
    assertTrue(page.dom().contains("<b>cuda:0</b> beats simd:0 from"), "no crossover is marked");
    assertFalse(
        page.dom().contains("<b>simd:0</b> beats reference:0"), "always faster, no crossover");
  }

  @Test
  void anotherProgramsRunIsShownBesideOurs() throws Exception {
    SpeedRun ours = run(1);
    SpeedRun theirs =
        new SpeedRun(
            1,
            "PyTorch",
            "2026-01-01T00:00:00Z",
            12,
            "bench_pytorch.py",
            ours.machine(),
            List.of(device("torch-eager:cuda", 3000, 50_000)),
            List.of(
                measured("torch-eager:cuda", "copy", false, 1 << 10, 9_000),
                measured("torch-eager:cuda", "copy", false, 1 << 13, 9_100)),
            List.of());
    Path file = folder.resolve("report.html");
    new BenchReport(ours.with(theirs), null).write(file);
    String html = Files.readString(file);
    assertTrue(html.contains("<span style=\"--key: var(--torch-eager)\">torch-eager:cuda</span>"));
    Page page = open(file);
    assertEquals("", page.complaints());
    assertTrue(page.dom().contains("data-charts=\"7\""), "four rooflines and three sweeps");
    assertEquals(
        "Both runs have a device torch-eager:cuda: measure one of them without it.",
        assertThrows(
                IllegalArgumentException.class, () -> ours.with(theirs).with(theirs.with(ours)))
            .getMessage());
  }

  @Test
  void complaintsOfTheBrowserAreSeen() throws Exception {
    Path file = folder.resolve("broken.html");
    Files.writeString(file, "<html><body><script>missing();</script></body></html>");
    assertNotEquals("", open(file).complaints());
  }

  /** What a browser made of a file: its document after the scripts, and what they complained of. */
  private record Page(String dom, String complaints) {}

  private Page open(Path file) throws IOException, InterruptedException {
    Path chromium = Path.of("/usr/bin/chromium");
    if (!Files.isExecutable(chromium)) {
      System.err.println(
          "SKIPPED: the report was not tried in a browser, " + chromium + " is absent.");
    }
    assumeTrue(Files.isExecutable(chromium), "no chromium");
    Path dom = folder.resolve("dom.html");
    Path log = folder.resolve("browser.log");
    Process browser =
        new ProcessBuilder(
                chromium.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--enable-logging=stderr",
                "--user-data-dir=" + folder.resolve("profile"),
                "--window-size=1280,900",
                "--virtual-time-budget=5000",
                "--dump-dom",
                file.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    assertTrue(browser.waitFor(120, TimeUnit.SECONDS), "the browser does not end");
    try (var lines = Files.lines(log)) {
      return new Page(
          Files.readString(dom),
          String.join("\n", lines.filter(line -> line.contains("CONSOLE")).toList()));
    }
  }
}
