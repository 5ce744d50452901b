package dev.quern.spi;

import dev.quern.DeviceInfo;
import java.util.List;

/** The answer of {@link BackendProvider#probe}: devices, or reasons. */
public sealed interface Availability {
  /**
   * The backend can be opened.
   *
   * @param devices its devices, at least one, ordered by index
   */
  record Available(List<DeviceInfo> devices) implements Availability {
    /** Copies the list. */
    public Available {
      devices = List.copyOf(devices);
    }
  }

  /**
   * The backend cannot be used here.
   *
   * @param reasons one sentence each, naming the remedy
   */
  record Unavailable(List<String> reasons) implements Availability {
    /** Copies the list. */
    public Unavailable {
      reasons = List.copyOf(reasons);
    }
  }
}
