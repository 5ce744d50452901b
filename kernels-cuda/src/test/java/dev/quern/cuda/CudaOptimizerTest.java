package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.spi.AdamArena;
import dev.quern.spi.AdamTables;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class CudaOptimizerTest {
  /** Without a single tile no element is updated, but the step is taken, as on the reference. */
  @Test
  void countsTheStepOfAnArenaWithoutElements() {
    try (Backend backend = CudaTesting.open()) {
      MemorySegment segments = AdamTables.table(AdamArena.SEGMENT, 1);
      AdamTables.segments(segments).set(0, 0, 0, 0, 7, 0, true);
      MemorySegment groups = AdamTables.table(AdamArena.GROUP, 1);
      AdamTables.groups(groups).set(0, 1e-3, 0.9, 0.999, 1e-8, 0, 0);
      Span table = upload(backend, DType.U8, segments);
      Span floats = upload(backend, DType.F32, MemorySegment.ofArray(new float[4]));
      var arena =
          new AdamArena(
              floats,
              floats,
              floats,
              floats,
              null,
              table,
              1,
              0,
              upload(backend, DType.U8, groups),
              upload(backend, DType.I32, MemorySegment.ofArray(new int[1])));
      Span control = upload(backend, DType.F32, MemorySegment.ofArray(new float[] {0, 1, 1, 0}));
      backend.optimizer().adam(arena, control);
      backend.memory().download(table.buffer(), 0, segments);
      assertEquals(8, AdamTables.segments(segments).step(0));
    }
  }

  private static Span upload(Backend backend, DType dtype, MemorySegment data) {
    DeviceBuffer buffer = backend.memory().allocate(data.byteSize());
    backend.memory().upload(data, buffer, 0);
    return Span.of(buffer, dtype, data.byteSize() / dtype.bytes());
  }
}
