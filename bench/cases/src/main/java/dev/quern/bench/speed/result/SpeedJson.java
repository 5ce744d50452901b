package dev.quern.bench.speed.result;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Runs as JSON, readable by other versions of this class and by people. */
public final class SpeedJson {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private SpeedJson() {}

  /**
   * {@return a run as JSON, times rounded to four digits, a measurement a line}
   *
   * @param run the run
   */
  public static String write(SpeedRun run) {
    var measurements = new ArrayList<Measurement>();
    run.measurements().forEach(m -> measurements.add(rounded(m)));
    var rounded =
        new SpeedRun(
            run.format(),
            run.quern(),
            run.started(),
            run.seconds(),
            run.command(),
            run.machine(),
            run.devices(),
            measurements,
            run.parity());
    return MAPPER.writeValueAsString(rounded).replace("{\"device\":", "\n{\"device\":") + "\n";
  }

  /**
   * {@return a run}
   *
   * @param json what {@link #write} gave
   * @throws IllegalArgumentException if it is not that
   */
  public static SpeedRun read(String json) {
    SpeedRun run;
    try {
      run = MAPPER.readValue(json, SpeedRun.class);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "This is not the JSON of a benchmark run (" + e.getOriginalMessage() + ").", e);
    }
    if (run.format() != SpeedRun.FORMAT) {
      throw new IllegalArgumentException(
          "The run has format %d, and this version reads format %d; take it again."
              .formatted(run.format(), SpeedRun.FORMAT));
    }
    return run;
  }

  private static Measurement rounded(Measurement m) {
    List<Visit> visits =
        m.visits().stream()
            .map(v ->
                new Visit(
                    v.nanos().stream().map(SpeedJson::rounded).toList(), rounded(v.fmaGflops())))
            .toList();
    return new Measurement(
        m.device(),
        m.family(),
        m.benchmark(),
        m.unfused(),
        m.dtype(),
        m.elements(),
        m.bytes(),
        m.operations(),
        visits,
        m.leftOut());
  }

  private static double rounded(double value) {
    double unit = Math.pow(10, 3 - Math.floor(Math.log10(value)));
    return Math.round(value * unit) / unit;
  }
}
