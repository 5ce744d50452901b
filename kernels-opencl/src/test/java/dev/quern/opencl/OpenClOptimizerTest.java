package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.SegmentTable;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class OpenClOptimizerTest {
  /** Without a single tile no element is updated, but the step is taken, as on the reference. */
  @Test
  void countsTheStepOfAnArenaWithoutElements() {
    try (Backend backend = OpenClTesting.open()) {
      SegmentTable segments = SegmentTable.allocate(1);
      segments.set(0, 0, 0, 0, 7, 0, true);
      MemorySegment groups = AdamGroup.table(1);
      new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0).write(groups, 0);
      Span table = upload(backend, DType.U8, segments.memory());
      Span floats = upload(backend, DType.F32, MemorySegment.ofArray(new float[4]));
      var arena =
          new OptimizerArena(
              floats,
              floats,
              null,
              table,
              1,
              0,
              upload(backend, DType.U8, groups),
              upload(backend, DType.I32, MemorySegment.ofArray(new int[1])));
      Span control = upload(backend, DType.F32, MemorySegment.ofArray(new float[] {0, 1, 1, 1, 1}));
      backend.kernels().optimizer().adam(arena, new AdamState(floats, floats, null), control);
      backend.memory().download(table.buffer(), 0, segments.memory());
      assertEquals(8, segments.step(0));
    }
  }

  private static Span upload(Backend backend, DType dtype, MemorySegment data) {
    DeviceBuffer buffer = backend.memory().allocate(data.byteSize());
    backend.memory().upload(data, buffer, 0);
    return Span.of(buffer, dtype, data.byteSize() / dtype.bytes());
  }
}
