package dev.quern;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells which tensors are open, and under {@code -Dquern.leaks=true} where they were made. */
final class OpenTensors {
  /** Whether tensors keep where they were made and closed. */
  static final boolean RECORDED = Boolean.getBoolean("quern.leaks");

  private static final System.Logger LOG = System.getLogger("dev.quern");

  private static final Set<String> OURS =
      Set.of(
          "dev.quern",
          "dev.quern.engine",
          "dev.quern.loss",
          "dev.quern.metric",
          "dev.quern.op",
          "dev.quern.optim");

  private OpenTensors() {}

  /** A line for tensors that are alike and made at one place. */
  static List<String> describe(List<Tensor> open) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Tensor tensor : open) {
      counts.merge(tensor + place(tensor.madeAt()), 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .map(e -> e.getValue() == 1 ? e.getKey() : e.getValue() + " times " + e.getKey())
        .toList();
  }

  /** Logs what is open when an engine closes. */
  static void logIfAsked(Engine engine) {
    if (!RECORDED) {
      return;
    }
    List<String> open = engine.openTensors();
    if (!open.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "The engine on {0} closes with tensors open:\n  {1}",
          engine.device().id(),
          String.join("\n  ", open));
    }
  }

  /** The first place outside Quern on the way to where a tensor was made. */
  private static String place(@Nullable Throwable madeAt) {
    if (madeAt == null) {
      return "";
    }
    StackTraceElement[] frames = madeAt.getStackTrace();
    StackTraceElement found = frames.length == 0 ? null : frames[frames.length - 1];
    for (StackTraceElement frame : frames) {
      if (!isOurs(frame.getClassName())) {
        found = frame;
        break;
      }
    }
    return found == null ? "" : ", made at " + found;
  }

  /** Whether a class is of the JDK or of this module's packages; backends make no tensors. */
  private static boolean isOurs(String name) {
    return name.startsWith("java.")
        || OURS.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
  }
}
