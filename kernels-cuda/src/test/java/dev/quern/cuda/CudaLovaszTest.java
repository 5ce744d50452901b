package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CudaLovaszTest {
  /** What is launched does not even depend on whether lists have several chunks. */
  @ParameterizedTest
  @ValueSource(ints = {100, 5000})
  void launchesDoNotDependOnTheNumberOfLists(int pixels) {
    CudaTesting.open().close();
    for (Kind kind : Kind.values()) {
      long launches = launches(kind, new LossExtent(1, 1, pixels));
      assertEquals(kind == Kind.HINGE ? 10 : 11, launches, kind.toString());
      assertEquals(launches, launches(kind, new LossExtent(7, 1, pixels)), kind.toString());
      if (kind == Kind.SOFTMAX) {
        assertEquals(launches, launches(kind, new LossExtent(3, 11, pixels)));
      }
    }
  }

  /** What the contract allows, from one long list to very many short ones. */
  @ParameterizedTest
  @EnumSource
  void scratchMemoryIsBounded(Kind kind) {
    for (LossExtent extent :
        List.of(
            new LossExtent(1, 1, 0),
            new LossExtent(1, 1, 4097),
            new LossExtent(8, 21, 512 * 512),
            new LossExtent(300, 40, 4097),
            new LossExtent(300, 40, 8193),
            new LossExtent(1000, 200, 5),
            new LossExtent(1, 1, Integer.MAX_VALUE))) {
      LovaszSpec spec = spec(kind);
      long lists = extent.images() * (kind == Kind.HINGE ? 1 : extent.classes());
      double most = 4.5 * 4 * extent.elements() + 32 * lists + (1 << 20);
      long bytes = CudaLovaszScratch.bytes(LovaszLayout.of(spec, extent));
      assertTrue(bytes > 0 && bytes < most, extent + ": " + bytes);
    }
  }

  private static long launches(Kind kind, LossExtent extent) {
    try (var context = new Context(CudaDevices.discover().usable().getFirst().device());
        var queue = new Queue(context);
        var memory = new CudaMemory(context, queue);
        var errors = module(context, queue, "lovasz_errors", CudaLovasz.ERROR_SIGNATURES);
        var sort = module(context, queue, "lovasz_sort", CudaLovaszSort.SIGNATURES);
        var derivatives =
            module(context, queue, "lovasz_gradient", CudaLovasz.GRADIENT_SIGNATURES)) {
      var modules = new CudaLovasz.Modules(errors, sort, derivatives);
      LovaszPlan plan = new CudaLovaszKernels(modules, memory).prepare(spec(kind));
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

  private static FamilyModule module(
      Context context, Queue queue, String family, List<Signature> signatures) {
    return new FamilyModule(
        context, queue, family, CudaDevices.discover().usable().getFirst().images(), signatures);
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
