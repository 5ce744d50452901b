package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Workbench;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.math.NativeVectors;
import dev.quern.simd.math.VectorMath;
import dev.quern.simd.pointwise.PointwiseLoops;
import dev.quern.simd.work.Chunks;
import dev.quern.spi.Backend;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.SegmentationKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Kernels with exponentials, ordered sums, roots or matrix products are at least three times as
 * fast as the reference on a million elements: what they would not be if the compiler gave up on a
 * loop. The engine has read many values before, and vectors have gone to segments of arrays: what
 * that leaves in the compiler's profile of memory segments is everybody's, and once made Adam forty
 * times and additions five times slower.
 */
@Tag("speed")
class SpeedTest {
  private static final Set<Class<? extends KernelFamily>> FAMILIES =
      Set.of(
          ReductionKernels.class,
          MatrixKernels.class,
          SegmentationKernels.class,
          LovaszKernels.class);

  private static final Set<String> OPERATIONS =
      Set.of("sigmoid", "softplus", "adam", "norm and adam");

  @BeforeAll
  static void readManyValues() {
    try (Engine engine = Engine.open("simd");
        Scope _ = engine.openScope()) {
      Tensor one = engine.tensor(new float[] {1}, 1);
      long end = System.nanoTime() + 1_000_000_000L;
      while (System.nanoTime() < end) {
        assertEquals(1, one.item());
      }
    }
  }

  /** As turning a vector of floats into one of ints does until C2 has compiled that. */
  @BeforeAll
  static void storeToArrays() {
    FloatVector v = FloatVector.zero(VectorMath.SPECIES);
    long end = System.nanoTime() + 1_000_000_000L;
    while (System.nanoTime() < end) {
      MemorySegment array = MemorySegment.ofArray(new byte[v.byteSize()]);
      NativeVectors.store(v, array, 0);
      v = NativeVectors.load(array, 0);
    }
  }

  static Stream<KernelCase> cases() {
    int million = 1 << 20;
    return KernelCases.timed(million, 256).stream()
        .filter(kernelCase ->
            FAMILIES.contains(kernelCase.family()) || OPERATIONS.contains(kernelCase.operation()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isThreeTimesAsFastAsTheReference(KernelCase kernelCase) {
    try (Backend reference = new ReferenceProvider().open(0);
        Backend simd = new SimdProvider().open(0)) {
      long slow = shortest(kernelCase, reference, 0);
      long fast = shortest(kernelCase, simd, slow / 3);
      assertTrue(
          3 * fast <= slow,
          kernelCase.name() + ": simd " + fast + " ns, reference " + slow + " ns");
    }
  }

  @Test
  void nativeMemoryTakesAtMostTwiceWhatArraysTake() {
    int n = Chunks.SIZE;
    float[] a = new float[n];
    float[] b = new float[n];
    float[] out = new float[n];
    MemorySegment x = Arena.ofAuto().allocate(4L * n, 64);
    MemorySegment y = Arena.ofAuto().allocate(4L * n, 64);
    MemorySegment z = Arena.ofAuto().allocate(4L * n, 64);
    long arrays = Long.MAX_VALUE;
    long memory = Long.MAX_VALUE;
    long end = System.nanoTime() + 15_000_000_000L;
    for (int i = 0; i < 20_000 || (memory > 2 * arrays && System.nanoTime() < end); i++) {
      arrays = Math.min(arrays, shortest(() -> add(a, b, out)));
      memory = Math.min(memory, shortest(() -> PointwiseLoops.add(x, y, z, 0, n)));
    }
    assertTrue(memory <= 2 * arrays, "memory " + memory + " ns, arrays " + arrays + " ns");
  }

  private static void add(float[] a, float[] b, float[] out) {
    for (int i = 0; i < a.length; i += VectorMath.LANES) {
      FloatVector ai = FloatVector.fromArray(VectorMath.SPECIES, a, i);
      ai.add(FloatVector.fromArray(VectorMath.SPECIES, b, i)).intoArray(out, i);
    }
  }

  private static long shortest(Runnable call) {
    long start = System.nanoTime();
    call.run();
    return System.nanoTime() - start;
  }

  /**
   * The shortest of many calls: what other processes take from the machine does not count, nor how
   * late the compiler gets to it. Ends early where a call takes no more than what is enough.
   */
  private static long shortest(KernelCase kernelCase, Backend backend, long enough) {
    try (Workbench bench = new Workbench(backend, Workbench.Fill.DIGITS)) {
      Runnable call = kernelCase.setup().on(bench);
      long shortest = Long.MAX_VALUE;
      long end = System.nanoTime() + (enough == 0 ? 1_000_000_000L : 15_000_000_000L);
      for (int i = 0; i < 5 || (shortest > enough && System.nanoTime() < end); i++) {
        long start = System.nanoTime();
        call.run();
        shortest = Math.min(shortest, System.nanoTime() - start);
      }
      return shortest;
    }
  }
}
