package dev.quern.spi.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the Java virtual machine compiles well: kernels in Java have the same bits everywhere, but
 * not the same speed.
 */
public final class JavaMachine {
  /** Calls of a fused multiply-add that are timed at once, and how often. */
  private static final int CALLS = 64;

  private static final int ROUNDS = 8;

  /** An instruction takes 1 to 60 ns, also interpreted; the library's arithmetic 300 and more. */
  private static final long MOST_NANOS = 150;

  private JavaMachine() {}

  /**
   * Tells whether a fused multiply-add is an instruction here. Without one (processors before 2013,
   * emulators' default processors, {@code -XX:-UseFMA}, {@code -XX:UseAVX=0}) {@link Math#fma}
   * computes with big decimals.
   *
   * @return whether {@link Math#fma} is fast
   */
  public static boolean hasFusedMultiplyAdd() {
    return FusedMultiplyAdd.IS_FAST;
  }

  /**
   * Tells what keeps kernels of the Vector API from being fast.
   *
   * @return a sentence for each reason, with its remedy; empty if there is none
   */
  public static List<String> vectorObstacles() {
    return vectorObstacles(
        System.getProperty("java.vm.name", ""),
        System.getProperty("java.vm.info", ""),
        hasFusedMultiplyAdd());
  }

  static List<String> vectorObstacles(String name, String info, boolean fused) {
    List<String> reasons = new ArrayList<>();
    String mode = info.toLowerCase(Locale.ROOT);
    if (!name.contains("HotSpot") && !name.contains("OpenJDK")) {
      reasons.add(
          "Vector code is compiled by HotSpot only, and this virtual machine is "
              + name
              + ": use a JDK with HotSpot, such as Eclipse Temurin.");
    } else if (mode.contains("interpreted")) {
      reasons.add("Nothing is compiled: start Java without -Xint.");
    } else if (mode.contains("emulated-client") || name.contains("Client")) {
      reasons.add(
          "The optimizing compiler C2 is off, and without it vector code is slower than plain code:"
              + " start Java without -XX:TieredStopAtLevel (development servers and run"
              + " configurations of IDEs set it).");
    }
    if (!fused) {
      reasons.add(
          "A fused multiply-add is no instruction here, and vector code would compute it in"
              + " software: start Java without -XX:-UseFMA or -XX:UseAVX, and give a virtual machine"
              + " the host's processor (QEMU: -cpu host).");
    }
    return reasons;
  }

  /** Measured once, when first asked for. */
  private static final class FusedMultiplyAdd {
    static final boolean IS_FAST = fastest() <= MOST_NANOS;

    /** What a call takes in the quickest round, in nanoseconds. */
    private static long fastest() {
      long fastest = Long.MAX_VALUE;
      float x = 0.7f;
      for (int round = 0; round < ROUNDS; round++) {
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
          x = Math.fma(x, 0.9999f, 1e-3f);
        }
        fastest = Math.min(fastest, (System.nanoTime() - start) / CALLS);
      }
      // so that the loop is not left out
      return x == 0 ? 0 : fastest;
    }
  }
}
