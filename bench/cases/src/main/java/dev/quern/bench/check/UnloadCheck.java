package dev.quern.bench.check;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks that class loaders with a backend can be unloaded, as those of redeployed web applications
 * and of plugins are: that neither threads nor libraries keep them.
 */
public final class UnloadCheck {
  private static final int LOADERS = 4;
  private static final long PATIENCE_MILLIS = 30_000;

  private UnloadCheck() {}

  /**
   * Loads all that this process has in loaders of their own, computes with it on threads that live
   * on, closes it, and waits for the loaders to go.
   *
   * @param backend the backend
   * @return how many of the loaders are left after half a minute
   * @throws Exception if computing fails
   */
  public static int loadersLeft(String backend) throws Exception {
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    for (int i = 0; i < LOADERS; i++) {
      loaders.add(visit(backend));
    }
    long end = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (left(loaders) > 0 && System.currentTimeMillis() < end) {
      System.gc();
      Thread.sleep(50);
    }
    return left(loaders);
  }

  private static int left(List<WeakReference<ClassLoader>> loaders) {
    return (int) loaders.stream().filter(loader -> !loader.refersTo(null)).count();
  }

  private static WeakReference<ClassLoader> visit(String backend)
      throws ReflectiveOperationException, IOException {
    List<URL> places = new ArrayList<>();
    for (String paths : List.of("jdk.module.path", "java.class.path")) {
      for (String place : System.getProperty(paths, "").split(File.pathSeparator, -1)) {
        places.add(Path.of(place).toUri().toURL());
      }
    }
    ClassLoader parent = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader loader = new URLClassLoader(places.toArray(URL[]::new), parent)) {
      Class<?> visit = Class.forName(Visit.class.getName(), true, loader);
      visit.getMethod("compute", String.class).invoke(null, backend);
      return new WeakReference<>(loader);
    }
  }

  /** What is done in each loader. */
  public static final class Visit {
    private static final int SIZE = 100_000;

    private Visit() {}

    /**
     * Computes with an engine and without one.
     *
     * @param backend the backend
     */
    public static void compute(String backend) {
      SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
      float[] values = new float[SIZE];
      byte[] mask = new byte[SIZE];
      float[] gradient = new float[SIZE];
      float value = loss.forwardBackward(values, mask, gradient);
      Adam.step(values, gradient, new float[SIZE], new float[SIZE], 0, new AdamOptions());
      try (Engine engine = Engine.open(backend)) {
        Tensor logits = engine.tensor(new float[SIZE], SIZE);
        LossResult result = loss.forwardBackward(logits, engine.tensor(mask, SIZE));
        if (Math.abs(result.value().itemLater().await() - value) > 1e-5) {
          throw new IllegalStateException("The backend " + backend + " computes something else.");
        }
      }
    }
  }
}
