package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.spi.Backend;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.PhiloxStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EngineTest {
  private static Engine open() {
    return Engine.open("reference");
  }

  @Test
  void arithmetic() {
    try (Engine engine = open();
        Scope scope = engine.openScope()) {
      Tensor a = engine.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      Tensor b = engine.tensor(new float[] {10, 20, 30}, 3);
      assertArrayEquals(new float[] {11, 22, 33, 14, 25, 36}, a.addBroadcast(b, 1).toFloatArray());
      assertArrayEquals(new float[] {14, 32, 32, 77}, a.matmul(a, false, true).toFloatArray());
      assertArrayEquals(
          new float[] {17, 22, 27, 22, 29, 36, 27, 36, 45},
          a.matmul(a, true, false).toFloatArray());
      assertEquals(21, a.sum().item());
      assertArrayEquals(new float[] {4, 5, 6}, a.slice(1, 2).toFloatArray());
      assertEquals(Shape.of(3, 2), a.reshape(3, 2).shape());
      assertArrayEquals(new float[] {0, 2, 3, 4, 5, 6}, a.where(a.notEqual(1)).toFloatArray());
      assertEquals(6, scope.keep(a).toFloatArray().length);
    }
  }

  @Test
  void scopesFreeWhatTheyDoNotKeep() {
    try (Engine engine = open()) {
      long before = engine.memory().live();
      Tensor kept =
          engine.scoped(() -> {
            Tensor temporary = engine.zeros(DType.F32, Shape.of(1000));
            return temporary.scale(2);
          });
      assertEquals(before + 4096, engine.memory().live());
      kept.close();
      kept.close();
      assertEquals(before, engine.memory().live());
      assertThrows(IllegalStateException.class, kept::toFloatArray);
    }
  }

  @Test
  void viewsKeepTheMemory() {
    try (Engine engine = open()) {
      Tensor whole = engine.tensor(new float[] {1, 2, 3, 4}, 4);
      Tensor tail = whole.slice(2, 4);
      whole.close();
      assertArrayEquals(new float[] {3, 4}, tail.toFloatArray());
      tail.close();
    }
  }

  @Test
  void scopesCloseInOrder() {
    try (Engine engine = open();
        Scope outer = engine.openScope()) {
      Scope inner = engine.openScope();
      assertThrows(IllegalStateException.class, outer::close);
      Tensor tensor = engine.zeros(DType.F32, Shape.of(1));
      assertThrows(IllegalStateException.class, () -> outer.keep(tensor));
      inner.close();
      inner.close();
    }
  }

  @Test
  void detachedTensorsOutliveScopes() {
    try (Engine engine = open()) {
      Tensor tensor = engine.scoped(() -> engine.zeros(DType.F32, Shape.of(2)).detach());
      assertArrayEquals(new float[2], tensor.toFloatArray());
    }
  }

  @Test
  void sameShapesNeedNoNewMemory() {
    try (Engine engine = open()) {
      for (int i = 0; i < 2; i++) {
        engine.scoped(() -> engine.zeros(DType.F32, Shape.of(12345)).sum().item());
      }
      long allocations = engine.memory().allocations();
      for (int i = 0; i < 100; i++) {
        engine.scoped(() -> engine.zeros(DType.F32, Shape.of(12345)).sum().item());
      }
      assertEquals(allocations, engine.memory().allocations());
      engine.trim();
      assertTrue(engine.memory().reserved() < 4096);
    }
  }

  @Test
  void borrowedArraysAreCopiedBack() {
    try (Engine engine = open()) {
      float[] values = {1, 2, 3};
      engine.scoped(() -> engine.borrow(values, Access.READ_WRITE, values.length).fill(7));
      assertArrayEquals(new float[] {7, 7, 7}, values);
    }
  }

  @Test
  void aBorrowWithoutAScopeLastsUntilItIsClosed() {
    float[] first = {1, 2, 3};
    float[] second = {1, 2, 3};
    try (Engine engine = open()) {
      Tensor closed = engine.borrow(first, Access.READ_WRITE, first.length);
      Tensor left =
          engine.scoped(() -> engine.borrow(second, Access.READ_WRITE, second.length).detach());
      engine.scoped(() -> {
        closed.fill(7);
        left.fill(8);
      });
      assertEquals(1, first[0], "copied back when it closes");
      closed.close();
      assertArrayEquals(new float[] {7, 7, 7}, first);
    }
    assertArrayEquals(new float[] {8, 8, 8}, second, "the engine closes it");
  }

  @Test
  void borrowedNativeMemoryIsUsedInPlace() {
    try (Engine engine = open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(ValueLayout.JAVA_FLOAT, 5);
      long live = engine.memory().live();
      engine.scoped(() -> {
        Tensor tensor = engine.borrow(memory, Access.READ_WRITE, DType.F32, Shape.of(5));
        assertEquals(live, engine.memory().live());
        tensor.fill(3);
        return 0;
      });
      assertEquals(3, memory.getAtIndex(ValueLayout.JAVA_FLOAT, 4));
    }
  }

  @Test
  void mismatchesNameBothSides() {
    try (Engine engine = open();
        Engine other = open()) {
      Tensor a = engine.zeros(DType.F32, Shape.of(2, 3));
      Tensor b = engine.zeros(DType.F32, Shape.of(3, 2));
      Tensor c = other.zeros(DType.F32, Shape.of(2, 3));
      String shapes = assertThrows(IllegalArgumentException.class, () -> a.add(b)).getMessage();
      assertContains(shapes, "(2, 3)");
      assertContains(shapes, "(3, 2)");
      String engines = assertThrows(IllegalArgumentException.class, () -> a.add(c)).getMessage();
      assertContains(engines, "t.to(engine)");
      assertArrayEquals(new float[6], a.add(c.to(engine)).toFloatArray());
      assertThrows(IllegalArgumentException.class, () -> a.matmul(a));
      assertThrows(IllegalArgumentException.class, () -> engine.tensor(new float[3], 2));
    }
  }

  @Test
  void closedEnginesSayso() {
    Engine engine = open();
    Tensor tensor = engine.zeros(DType.F32, Shape.of(2));
    engine.close();
    engine.close();
    assertThrows(IllegalStateException.class, tensor::toFloatArray);
    assertThrows(IllegalStateException.class, () -> engine.zeros(DType.F32, Shape.of(2)));
    tensor.close();
  }

  @Test
  void enginesOnALostDeviceStillClose() {
    Backend working = Backends.openBackend("reference");
    AtomicBoolean lost = new AtomicBoolean();
    AtomicBoolean closed = new AtomicBoolean();
    Backend failing =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                  switch (method.getName()) {
                    case "close" -> closed.set(true);
                    case "synchronize" -> {
                      if (lost.get()) {
                        throw new DeviceException("the device is lost");
                      }
                    }
                    default -> {}
                  }
                  return method.invoke(working, arguments);
                });
    Engine engine = new Engine(failing);
    lost.set(true);
    assertThrows(DeviceException.class, engine::synchronize);
    engine.close();
    assertTrue(closed.get());
  }

  @Test
  void scopesMayOutliveTheirEngine() {
    Engine engine = open();
    Scope scope = engine.openScope();
    engine.zeros(DType.F32, Shape.of(2));
    engine.close();
    scope.close();
  }

  @Test
  void closingFreesWhatOtherThreadsHold() throws Exception {
    Engine engine = open();
    Tensor[] held = new Tensor[1];
    Thread holder =
        new Thread(() -> {
          // left open on purpose
          engine.openScope();
          held[0] = engine.zeros(DType.F32, Shape.of(1000));
        });
    holder.start();
    holder.join();
    HostBuffer buffer = (HostBuffer) held[0].span().buffer();
    engine.close();
    assertFalse(buffer.segment().scope().isAlive());
    held[0].close();
  }

  @Test
  void unknownBackendsListTheKnownOnes() {
    String message =
        assertThrows(BackendUnavailableException.class, () -> Engine.open("tpu")).getMessage();
    assertContains(message, "'tpu'");
    assertContains(message, "reference");
    assertThrows(BackendUnavailableException.class, () -> Engine.open("reference:7"));
    assertThrows(BackendUnavailableException.class, () -> Engine.open("reference:x"));
  }

  @Test
  void threadsShareAnEngine() throws Exception {
    try (Engine engine = open();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        results.add(
            threads.submit(() -> {
              for (int i = 0; i < 200; i++) {
                PhiloxStream stream = new PhiloxStream(seed, 0, 0, i);
                boolean right =
                    engine.scoped(() -> {
                      Tensor u = engine.uniform(stream, 37);
                      Tensor twice = u.add(u);
                      return Math.abs(twice.sum().item() - 2 * u.sum().item()) < 1e-4;
                    });
                if (!right) {
                  return false;
                }
              }
              return true;
            }));
      }
      for (Future<Boolean> result : results) {
        assertTrue(result.get());
      }
    }
  }

  private static void assertContains(@Nullable String message, String part) {
    assertTrue(message != null && message.contains(part), () -> "'" + part + "' in: " + message);
  }
}
