package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.engine.Providers;
import dev.quern.optim.Adam;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class EngineOptionsTest {
  @TempDir Path folder;

  @Test
  void aMemoryLimitHolds() {
    EngineOptions options = new EngineOptions().withBackend("reference").withMemoryLimit(1 << 20);
    try (Engine engine = Engine.open(options)) {
      engine.zeros(DType.F32, Shape.of(200_000)).close();
      // what is kept for reuse makes room
      Tensor kept = engine.zeros(DType.F32, Shape.of(100, 1000));
      OutOfDeviceMemoryException failure =
          assertThrows(
              OutOfDeviceMemoryException.class, () -> engine.zeros(DType.F32, Shape.of(200_000)));
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains("1048576 bytes, its memory limit"), message);
      assertTrue(engine.memory().reserved() <= 1 << 20);
      assertEquals(0, kept.sum().item());
    }
  }

  @Test
  void anOptimizerThatDoesNotFitLeavesNothing() {
    EngineOptions options = new EngineOptions().withBackend("reference").withMemoryLimit(1 << 20);
    try (Engine engine = Engine.open(options)) {
      ParameterStore.Builder builder =
          ParameterStore.builder(engine).add("w", new float[60_000], 60_000);
      ParameterStore store = builder.build();
      Tensor values = store.parameter("w");
      List<String> before = engine.openTensors();
      assertThrows(OutOfDeviceMemoryException.class, () -> Adam.builder(store).build());
      assertThrows(OutOfDeviceMemoryException.class, builder::build);
      assertEquals(before, engine.openTensors());
      assertEquals(0, values.sum().item());
      store.close();
    }
  }

  @Test
  void optionsAreChecked() {
    EngineOptions options = new EngineOptions();
    assertThrows(IllegalArgumentException.class, () -> options.withThreads(-1));
    assertThrows(IllegalArgumentException.class, () -> options.withMemoryLimit(-1));
  }

  /** A backend that only a loader of its own lists. */
  public static final class Listed implements BackendProvider {
    private final BackendProvider reference = new ReferenceProvider();

    /** For the service loader. */
    public Listed() {}

    @Override
    public String name() {
      return "listed";
    }

    @Override
    public int priority() {
      return 150;
    }

    @Override
    public Availability probe() {
      return reference.probe();
    }

    @Override
    public Backend open(int device) {
      return reference.open(device);
    }
  }

  private ClassLoader child() throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(BackendProvider.class.getName()), Listed.class.getName());
    return new URLClassLoader(
        new URL[] {folder.toUri().toURL()}, EngineOptionsTest.class.getClassLoader()) {
      @Override
      protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null || !name.equals(Listed.class.getName())) {
          return loaded == null ? super.loadClass(name, resolve) : loaded;
        }
        String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
        try (InputStream in = EngineOptionsTest.class.getResourceAsStream(file)) {
          byte[] bytes = in == null ? new byte[0] : in.readAllBytes();
          return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
    };
  }

  @Test
  void backendsOfAnotherLoaderAreFound() throws IOException {
    ClassLoader child = child();
    assertFalse(Backends.probe().containsKey("listed"));
    EngineOptions options = new EngineOptions().withBackend("listed");
    assertThrows(BackendUnavailableException.class, () -> Engine.open(options));
    Engine.open(options.withLoader(child)).close();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(child);
    try {
      assertEquals(List.of("listed", "reference"), List.copyOf(Backends.probe().keySet()));
      Engine.open("listed").close();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void theReferenceNeedsNoServiceFile() {
    Providers none = Providers.of(ModuleLayer.empty());
    assertTrue(none.list().stream().anyMatch(p -> p.name().equals("reference")));
    Providers lost = new Providers(List.of(new ReferenceProvider()), false);
    String message = Backends.whySlow(lost);
    assertTrue(message.contains("META-INF/services/dev.quern.spi.BackendProvider"), message);
    assertTrue(message.contains("ServicesResourceTransformer"), message);
  }

  @Test
  void openTensorsAreListed() {
    try (Engine engine = Engine.open("reference")) {
      assertEquals(List.of(), engine.openTensors());
      Tensor one = engine.zeros(DType.F32, Shape.of(2));
      engine.zeros(DType.U8, Shape.of(3));
      engine.zeros(DType.U8, Shape.of(3));
      List<String> open = engine.openTensors();
      assertTrue(open.contains("F32 (2) on reference:0"), open.toString());
      assertTrue(open.contains("2 times U8 (3) on reference:0"), open.toString());
      one.close();
      assertEquals(1, engine.openTensors().size());
    }
  }

  @Test
  void warmUpEnds() {
    try (Engine engine = Engine.open("reference")) {
      Tensor x = engine.tensor(new float[] {1, 2, 3}, 3);
      int[] calls = {0};
      engine.warmUp(() -> {
        x.scale(2);
        calls[0]++;
      });
      assertTrue(calls[0] > 10);
      assertEquals(1, engine.openTensors().size());
      assertArrayEquals(new float[] {1, 2, 3}, x.toFloatArray());
    }
  }

  @Test
  @Timeout(60)
  void aDroppedEngineIsClosed() throws InterruptedException {
    AtomicInteger closed = new AtomicInteger();
    drop(closed);
    while (closed.get() == 0) {
      System.gc();
      Thread.sleep(20);
    }
    assertEquals(1, closed.get());
  }

  /** Leaves nothing behind that reaches the engine. */
  private static void drop(AtomicInteger closed) {
    Backend reference = Backends.openBackend("reference");
    Engine engine =
        new Engine(
            (Backend)
                Proxy.newProxyInstance(
                    Backend.class.getClassLoader(),
                    new Class<?>[] {Backend.class},
                    (_, method, arguments) -> {
                      if (method.getName().equals("close")) {
                        closed.incrementAndGet();
                      }
                      return method.invoke(reference, arguments);
                    }));
    engine.zeros(DType.F32, Shape.of(100));
  }
}
