package dev.quern.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.DType;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkbenchTest {

  private Backend backend = new ReferenceProvider().open(0);
  private Workbench bench = new Workbench(backend, Fill.ONES);

  @BeforeEach
  void open() {
    backend = new ReferenceProvider().open(0);
    bench = new Workbench(backend, Fill.ONES);
  }

  @AfterEach
  void close() {
    bench.close();
    backend.close();
  }

  @Test
  void resultsComeBackInOrder() {
    Span x = bench.input("x", HostArray.of(1f, 2f, 3f));
    Span out = bench.output("out", DType.F32, 3, Tolerance.EXACT);
    backend.kernels().pointwise().scale(x, 2, out);
    var results = bench.results();
    assertEquals(1, results.size());
    assertArrayEquals(new double[] {2, 4, 6}, results.getFirst().values().doubles());
  }

  @Test
  void writingBehindAnOperandIsFound() {
    Span out = bench.output("out", DType.F32, 3, Tolerance.EXACT);
    backend.kernels().pointwise().fill(new Span(out.buffer(), DType.F32, out.offset(), 4), 0);
    assertThrows(AssertionError.class, bench::results);
  }

  @Test
  void writingBeforeAnOperandIsFound() {
    Span out = bench.output("out", DType.F32, 3, Tolerance.EXACT);
    backend.kernels().pointwise().fill(new Span(out.buffer(), DType.F32, out.offset() - 1, 4), 0);
    assertThrows(AssertionError.class, bench::results);
  }

  @Test
  void changingAnInputIsFound() {
    Span x = bench.input("x", HostArray.of(1f, 2f, 3f));
    backend.kernels().pointwise().scale(x, 2, x);
    assertThrows(AssertionError.class, bench::results);
  }
}
