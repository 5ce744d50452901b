package dev.quern.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Backends;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Interceptor;
import dev.quern.spi.Kernels;
import dev.quern.spi.Plan;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PlanCacheTest {
  private static final int MOST = 256;

  private static final class Prepared implements Plan {
    private final Numbered spec;
    private final List<DeviceBuffer> kept;

    Prepared(Numbered spec, List<DeviceBuffer> kept) {
      this.spec = spec;
      this.kept = kept;
    }

    @Override
    public Spec<?> spec() {
      return spec;
    }

    @Override
    public List<DeviceBuffer> kept() {
      return kept;
    }
  }

  private record Numbered(int number, List<DeviceBuffer> kept) implements Spec<Prepared> {
    Numbered(int number) {
      this(number, List.of());
    }

    @Override
    public Support support(Kernels kernels) {
      return Support.yes();
    }

    @Override
    public Prepared prepare(Kernels kernels) {
      return new Prepared(this, kept);
    }
  }

  @Test
  void theLeastRecentlyUsedGoes() {
    try (Backend backend = Backends.openBackend("reference")) {
      var cache = new PlanCache(backend);
      Prepared first = cache.prepare(new Numbered(0));
      Prepared second = cache.prepare(new Numbered(1));
      for (int i = 2; i < MOST; i++) {
        cache.prepare(new Numbered(i));
      }
      assertSame(first, cache.prepare(new Numbered(0)));
      cache.prepare(new Numbered(MOST));
      assertSame(first, cache.prepare(new Numbered(0)));
      assertNotSame(second, cache.prepare(new Numbered(1)));
    }
  }

  @Test
  void memoryOfAPlanIsReleasedWhenNobodyHoldsIt() throws InterruptedException {
    var released = new AtomicInteger();
    Interceptor counting =
        call -> {
          if (call.method().getName().equals("release")) {
            released.incrementAndGet();
          }
          return call.proceed();
        };
    try (Backend backend = counting.before(Backends.openBackend("reference"))) {
      var cache = new PlanCache(backend);
      Prepared held = cache.prepare(new Numbered(0, List.of(backend.memory().allocate(64))));
      cache.prepare(new Numbered(1, List.of(backend.memory().allocate(64))));
      for (int i = 2; i < MOST + 2; i++) {
        cache.prepare(new Numbered(i));
      }
      for (int tries = 0; tries < 100 && released.get() == 0; tries++) {
        System.gc();
        Thread.sleep(20);
        cache.releaseUnheld();
      }
      assertEquals(1, released.get());
      assertTrue(held.kept().getFirst().byteSize() >= 64);
    }
  }
}
