package dev.quern.reference.spatial;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/** Normalizations of rows, and softmax: sums in index order with one double accumulator. */
public final class ReferenceNormalizationKernels implements NormalizationKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : NormalizationKernels.super.support(dtype);
  }

  @Override
  public BatchNormPlan prepare(BatchNormSpec spec) {
    return new BatchNorm(spec);
  }

  @Override
  public void standardize(long rows, long columns, float epsilon, Span x, Span out, Span inverse) {
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    Elements factors = Elements.of(inverse);
    for (long row = 0; row < rows; row++) {
      long first = row * columns;
      double sum = 0;
      for (long i = first; i < first + columns; i++) {
        sum += source.get(i);
      }
      double mean = sum / columns;
      double squares = 0;
      for (long i = first; i < first + columns; i++) {
        double deviation = source.get(i) - mean;
        squares += deviation * deviation;
      }
      double factor = 1 / Math.sqrt(squares / columns + epsilon);
      factors.set(row, factor);
      for (long i = first; i < first + columns; i++) {
        target.set(i, (source.get(i) - mean) * factor);
      }
    }
  }

  @Override
  public void standardizeGradient(
      long rows, long columns, Span gradient, Span y, Span inverse, Span out) {
    Elements above = Elements.of(gradient);
    Elements results = Elements.of(y);
    Elements factors = Elements.of(inverse);
    Elements target = Elements.of(out);
    for (long row = 0; row < rows; row++) {
      long first = row * columns;
      double sum = 0;
      double products = 0;
      for (long i = first; i < first + columns; i++) {
        sum += above.get(i);
        products += above.get(i) * results.get(i);
      }
      for (long i = first; i < first + columns; i++) {
        double rest = above.get(i) - sum / columns - results.get(i) * (products / columns);
        target.set(i, factors.get(row) * rest);
      }
    }
  }

  @Override
  public void softmax(boolean logarithm, long outer, long count, long inner, Span x, Span out) {
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    for (long line = 0; line < outer * inner; line++) {
      long first = line / inner * count * inner + line % inner;
      double most = Double.NEGATIVE_INFINITY;
      for (long r = 0; r < count; r++) {
        most = Math.max(most, source.get(first + r * inner));
      }
      double sum = 0;
      for (long r = 0; r < count; r++) {
        sum += StrictMath.exp(source.get(first + r * inner) - most);
      }
      for (long r = 0; r < count; r++) {
        double rest = source.get(first + r * inner) - most;
        double result = logarithm ? rest - StrictMath.log(sum) : StrictMath.exp(rest) / sum;
        target.set(first + r * inner, result);
      }
    }
  }

  @Override
  public void softmaxGradient(
      boolean logarithm, long outer, long count, long inner, Span gradient, Span y, Span out) {
    Elements above = Elements.of(gradient);
    Elements results = Elements.of(y);
    Elements target = Elements.of(out);
    for (long line = 0; line < outer * inner; line++) {
      long first = line / inner * count * inner + line % inner;
      double sum = 0;
      for (long r = 0; r < count; r++) {
        long i = first + r * inner;
        sum += logarithm ? above.get(i) : above.get(i) * results.get(i);
      }
      for (long r = 0; r < count; r++) {
        long i = first + r * inner;
        double g = above.get(i);
        double result = results.get(i);
        target.set(i, logarithm ? g - StrictMath.exp(result) * sum : result * (g - sum));
      }
    }
  }
}
