package dev.quern.gpu.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GpuFamilyTest {
  /** A call may have failed between the arguments of the launch before. */
  @Test
  void aKernelIsFoundWithoutArguments() {
    var calls = new ArrayList<String>();
    Launch launch =
        (Launch)
            Proxy.newProxyInstance(
                Launch.class.getClassLoader(),
                new Class<?>[] {Launch.class},
                (proxy, method, _) -> {
                  calls.add(method.getName());
                  return proxy;
                });
    var program =
        new GpuProgram() {
          @Override
          public Launch kernel(String entry) {
            return launch;
          }

          @Override
          public void close() {}
        };
    try (var family = new GpuFamily("f", new Geometry(256, 256, 1024), () -> program)) {
      family.kernel("entry").scalar(1);
      family.kernel("entry").scalar(1);
    }
    assertEquals(List.of("restart", "scalar", "restart", "scalar"), calls);
  }
}
