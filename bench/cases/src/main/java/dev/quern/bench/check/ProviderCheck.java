package dev.quern.bench.check;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks what a provider tells, and that its devices open and close. */
public final class ProviderCheck {
  private static final String SUITE = "provider";
  private static final int TIMES = 50;

  private ProviderCheck() {}

  /**
   * {@return what became of each case}
   *
   * @param provider of devices or of reasons why there are none
   */
  public static List<CaseResult> of(BackendProvider provider) {
    var results = new ArrayList<CaseResult>();
    results.add(CaseResult.attempt(SUITE, "devices or reasons", () -> devices(provider)));
    results.add(CaseResult.attempt(SUITE, "a device that is not there", () -> absent(provider)));
    if (provider.probe() instanceof Availability.Available) {
      results.add(
          CaseResult.attempt(SUITE, "opened and closed many times", () -> openedOften(provider)));
    }
    return results;
  }

  private static Optional<String> devices(BackendProvider provider) {
    String temporary = System.getProperty("java.io.tmpdir");
    Availability found = provider.probe();
    if (!temporary.equals(System.getProperty("java.io.tmpdir"))) {
      return Optional.of("the temporary folder is another now");
    }
    return switch (found) {
      case Availability.Unavailable(var reasons) ->
          reasons.isEmpty()
              ? Optional.of("there is no reason")
              : reasons.stream().filter(r -> !r.contains(": ") || !r.endsWith(".")).findFirst();
      case Availability.Available(var devices) -> {
        Optional<String> wrong = Optional.empty();
        for (int i = 0; i < devices.size(); i++) {
          DeviceInfo device = devices.get(i);
          boolean complete =
              device.id().equals(provider.name() + ":" + i)
                  && !device.name().isBlank()
                  && device.memoryBytes() > 0
                  && device.computeUnits() > 0;
          wrong = complete ? wrong : Optional.of(device.toString());
        }
        yield wrong;
      }
    };
  }

  private static Optional<String> absent(BackendProvider provider) {
    try {
      provider.open(99).close();
      return Optional.of("it was opened");
    } catch (DeviceException e) {
      String message = String.valueOf(e.getMessage());
      return message.startsWith("There is no device " + provider.name() + ":99")
          ? Optional.empty()
          : Optional.of("it says: " + message);
    }
  }

  private static Optional<String> openedOften(BackendProvider provider) {
    for (int i = 0; i < TIMES; i++) {
      Backend backend = provider.open(0);
      var _ = backend.memory().allocate(1 << 20);
      backend.synchronize();
      backend.close();
      backend.close();
    }
    return Optional.empty();
  }
}
