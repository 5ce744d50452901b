package dev.quern.bench.kernels;

import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.host.ArrayKernels;
import java.util.List;
import java.util.function.Function;

/**
 * One call of the kernels on Java arrays.
 *
 * @param name operation and operands
 * @param run makes fresh operands, calls the kernels and gives the results
 */
public record ArrayCase(String name, Function<ArrayKernels, List<Result>> run) {}
