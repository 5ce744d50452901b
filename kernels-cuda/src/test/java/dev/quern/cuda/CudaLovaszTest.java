package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Queue;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossInput;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.LovaszSpec.Classes;
import dev.quern.spi.LovaszSpec.Kind;
import dev.quern.spi.Span;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaLovaszTest {
  /** Lists of one chunk are sorted without counting over chunks, so the two differ. */
  @ParameterizedTest
  @ValueSource(ints = {100, 5000})
  void launchesDoNotDependOnTheNumberOfLists(int pixels) {
    CudaTesting.open().close();
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
    CudaDevices.Usable device = CudaDevices.discover().usable().getFirst();
    try (var context = new Context(device.device());
        var queue = new Queue(context);
        var memory = new CudaMemory(context, queue);
        var module =
            new FamilyModule(context, queue, "lovasz", device.images(), CudaLovasz.SIGNATURES)) {
      LovaszPlan plan = new CudaLovaszKernels(module, memory).prepare(spec(kind));
      Span logits = floats(memory, extent.elements());
      long labels = kind == Kind.HINGE ? extent.elements() : extent.labels();
      long before = queue.launches();
      plan.forwardBackward(
          logits,
          span(memory, DType.U8, labels),
          extent,
          floats(memory, 1),
          floats(memory, 1),
          floats(memory, extent.elements()),
          span(memory, DType.I64, 1),
          span(memory, DType.U8, plan.scratchBytes(extent)));
      queue.finish();
      return queue.launches() - before;
    }
  }

  private static LovaszSpec spec(Kind kind) {
    return new LovaszSpec(
        kind, LossInput.LOGITS, true, Classes.PRESENT, List.of(), null, DType.F32, DType.U8);
  }

  private static Span floats(CudaMemory memory, long length) {
    return span(memory, DType.F32, length);
  }

  private static Span span(CudaMemory memory, DType dtype, long length) {
    return Span.of(memory.allocate(length * dtype.bytes()), dtype, length);
  }
}
