package dev.quern.bench.speed.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SpeedJsonTest {

  /** Written on 2026-11-30, shortened; the files of users look so. */
  private static final String WRITTEN_BEFORE =
      """
      {"format":2,"quern":"quern 0.1.0-SNAPSHOT","started":"2026-11-30T16:31:11Z","seconds":54.0,
      "command":"quern bench --quick --backend simd --json old.json",
      "machine":{"processor":"AMD EPYC","architecture":"amd64","processors":2,
      "memoryBytes":25161052160,"system":"Linux 6.1","java":"OpenJDK 64-Bit Server VM 25.0.3+9-LTS",
      "options":["-XX:CICompilerCount=3"]},
      "devices":[{"id":"simd:0","name":"512-bit vectors, 2 threads","kind":"CPU","driver":"Java 25",
      "computeUnits":2,"ceilings":{"copyGbs":45.9,"readGbs":12.7,"triadGbs":20.8,"fmaGflops":221.3,
      "launchMicros":0.5,"uploadGbs":21.0,"downloadGbs":22.0}}],
      "measurements":[
      {"device":"simd:0","family":"pointwise","benchmark":"fill","unfused":false,"dtype":"F32",
      "elements":1024,"bytes":4096,"operations":0.0,"visits":[
      {"nanos":[120.0,122.0],"fmaGflops":88.1},{"nanos":[110.0,112.0],"fmaGflops":90.3},
      {"nanos":[101.0,103.0],"fmaGflops":91.2}]},
      {"device":"simd:0","family":"matrix","benchmark":"matrix product","unfused":false,
      "dtype":"F32","elements":1048576,"bytes":12582912,"operations":2.147483648E9,"visits":[],
      "leftOut":"a call would take about 0.1 s"}],
      "parity":[{"device":"simd:0","benchmark":"fill","elements":65536,"ulps":0.0,"ofAllowed":0.0}]}
      """;

  @Test
  void filesWrittenBeforeAreRead() {
    SpeedRun run = SpeedJson.read(WRITTEN_BEFORE);
    Measurement fill = run.measurements().getFirst();
    assertEquals(106.5, fill.callNanos(), 1e-9);
    Measurement product = run.measurements().getLast();
    assertFalse(product.taken());
    assertEquals("a call would take about 0.1 s", product.leftOut());
    assertEquals(run, SpeedJson.read(SpeedJson.write(run)));
  }

  @Test
  void whatIsNoRunOfThisFormatIsRefusedWithASentence() {
    assertEquals(
        "The run has format 1, and this version reads format 2; take it again.",
        refusal(WRITTEN_BEFORE.replace("\"format\":2", "\"format\":1")));
    String message = refusal("[]");
    assertEquals("This is not the JSON of a benchmark run (", message.substring(0, 41));
  }

  private static String refusal(String json) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> SpeedJson.read(json)).getMessage());
  }
}
