package dev.quern.bench.random;

import dev.quern.Backends;
import dev.quern.Engine;
import dev.quern.bench.check.CaseResult;
import dev.quern.bench.definition.Verdict;
import dev.quern.spi.BackendProvider;
import dev.quern.spi.host.ArrayKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Runs random cases on a backend. The first case of a seed is drawn from the seed itself, each
 * other one from a seed of its own, so that every case can be repeated alone.
 */
public final class RandomSuite {
  /** The name of the suite. */
  public static final String NAME = "random";

  /** The largest part of the cases that may be right on the other side of a jump only. */
  private static final double MOST_OTHER_SIDES = 0.01;

  private final String backend;
  private final Device device;
  private final List<CaseResult> results = new ArrayList<>();
  private int otherSides;

  private RandomSuite(String backend, Device device) {
    this.backend = backend;
    this.device = device;
  }

  /**
   * Runs random cases.
   *
   * @param backend the backend's name, or a device of it as in {@code opencl:1}
   * @param engine an engine of it
   * @param count how many cases
   * @param seed the seed
   * @return one result per case, and one that judges how many were right on the other side of a
   *     jump only; a failure's name is the line that repeats it
   */
  public static List<CaseResult> run(String backend, Engine engine, int count, long seed) {
    ArrayKernels arrays = arrays(backend);
    boolean oneCall = arrays != null && arrays.getClass() == Backends.arrays().getClass();
    return new RandomSuite(backend, new Device(backend, engine, arrays, oneCall)).run(count, seed);
  }

  private static @Nullable ArrayKernels arrays(String backend) {
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (provider.name().equals(backend)) {
        return provider.arrays();
      }
    }
    return null;
  }

  private List<CaseResult> run(int count, long seed) {
    for (int i = 0; i < count; i++) {
      results.add(one(seedOf(seed, i)));
    }
    String name = otherSides + " of " + count + " right on the other side of a jump only";
    results.add(
        otherSides <= Math.max(1, MOST_OTHER_SIDES * count)
            ? CaseResult.passed(NAME, name)
            : CaseResult.failed(NAME, name, "at most 1 % may be"));
    return results;
  }

  private CaseResult one(long seed) {
    String repeat =
        String.format(
            Locale.ROOT, "./quern selftest --random 1 --seed %d --backend %s", seed, backend);
    RandomCase drawn = draw(seed);
    Verdict verdict;
    try {
      verdict = drawn.run(device);
    } catch (RuntimeException e) {
      verdict = Verdict.wrong(e.toString());
    }
    otherSides += verdict.choseSide() ? 1 : 0;
    String failure = verdict.failure();
    return failure == null
        ? CaseResult.passed(NAME, repeat)
        : CaseResult.failed(NAME, repeat, failure + "; " + drawn.describe());
  }

  /** Draws the case of a seed. */
  static RandomCase draw(long seed) {
    Draw draw = new Draw(seed);
    // what a seed draws must not depend on how the kinds are shared out
    int kind = new Draw(~seed).below(100);
    if (kind < 12) {
      return new OptimizerDraw(draw).draw();
    }
    if (kind < 20) {
      return new MetricDraw(draw).draw();
    }
    return kind < 32 ? new LovaszDraw(draw).draw() : new LossDraw(draw).draw();
  }

  /** The seed of a case: the first has the seed itself, the others well mixed ones. */
  static long seedOf(long seed, int i) {
    if (i == 0) {
      return seed;
    }
    long z = seed + i * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return (z ^ (z >>> 31)) >>> 1;
  }
}
