package dev.quern.bench.kernels;

import dev.quern.spi.KernelFamily;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A kernel call in any size: what is timed over a sweep of sizes.
 *
 * @param family the kernel family
 * @param name unique among all benchmarks and free of sizes, such as {@code dice+bce u8}
 * @param elements the number of elements that is dealt with when so many are asked for
 * @param operations the arithmetic operations of a call on so many elements, an fma counting two
 *     and an exponential what its polynomial takes; a pure move counts one an element, so that it
 *     has a place on a roofline
 * @param at the call on so many elements
 * @param loss for a fused loss a batch of so many elements, for its unfused definition to be timed
 *     beside it; else null
 */
public record Benchmark(
    Class<? extends KernelFamily> family,
    String name,
    IntUnaryOperator elements,
    IntToDoubleFunction operations,
    IntFunction<KernelCase> at,
    @Nullable IntFunction<LossBatch> loss) {

  /**
   * A kernel whose work grows with its elements.
   *
   * @param family the kernel family
   * @param name unique among all benchmarks
   * @param operationsPerElement arithmetic operations an element
   * @param at the call on so many elements
   */
  public Benchmark(
      Class<? extends KernelFamily> family,
      String name,
      double operationsPerElement,
      IntFunction<KernelCase> at) {
    this(family, name, n -> n, n -> n * operationsPerElement, at, null);
  }

  /**
   * {@return this benchmark with an unfused definition to be timed beside it}
   *
   * @param batch the fused loss and a batch of so many elements
   */
  public Benchmark unfused(IntFunction<LossBatch> batch) {
    return new Benchmark(family, name, elements, operations, at, batch);
  }
}
