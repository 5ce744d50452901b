package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenClLovaszTest {
  /** Lists of one chunk are sorted without counting over chunks, so the two differ. */
  @ParameterizedTest
  @ValueSource(ints = {100, 5000})
  void launchesDoNotDependOnTheNumberOfLists(int pixels) {
    for (Kind kind : Kind.values()) {
      long launches = launches(kind, new LossExtent(1, 1, pixels));
      assertEquals(launches, launches(kind, new LossExtent(7, 1, pixels)), kind.toString());
      if (kind == Kind.SOFTMAX) {
        assertEquals(launches, launches(kind, new LossExtent(3, 11, pixels)));
      }
      assertTrue(launches <= 20, kind + ": " + launches);
    }
  }

  private static long launches(Kind kind, LossExtent extent) {
    var host = new AtomicReference<@Nullable OpenClHost>();
    try (Backend backend =
        OpenClTesting.open(
            OpenClTesting.device(), LaunchGeometry.of(DeviceInfo.Kind.CPU), host::set)) {
      LovaszPlan plan = backend.kernels().lovasz().prepare(spec(kind));
      Span logits = floats(backend, extent.elements());
      long labels = kind == Kind.HINGE ? extent.elements() : extent.labels();
      long before = Objects.requireNonNull(host.get()).launches();
      plan.forwardBackward(
          logits,
          span(backend, DType.U8, labels),
          extent,
          floats(backend, 1),
          floats(backend, 1),
          floats(backend, extent.elements()),
          span(backend, DType.I64, 1),
          span(backend, DType.U8, plan.scratchBytes(extent)));
      backend.synchronize();
      return Objects.requireNonNull(host.get()).launches() - before;
    }
  }

  private static LovaszSpec spec(Kind kind) {
    return new LovaszSpec(
        kind, LossInput.LOGITS, true, Classes.PRESENT, List.of(), null, DType.F32, DType.U8);
  }

  private static Span floats(Backend backend, long length) {
    return span(backend, DType.F32, length);
  }

  private static Span span(Backend backend, DType dtype, long length) {
    return Span.of(backend.memory().allocate(length * dtype.bytes()), dtype, length);
  }
}
