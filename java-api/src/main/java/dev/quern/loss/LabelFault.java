package dev.quern.loss;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What is said about a label that a loss found out of range, given its index. */
final class LabelFault {
  private LabelFault() {}

  static LongFunction<DataException> of(FusedLossSpec spec) {
    return of(
        spec.layout() == Layout.LABELS, spec.classes(), spec.targetDtype(), spec.ignoreIndex());
  }

  static LongFunction<DataException> of(LovaszSpec spec, LossExtent extent) {
    return of(
        spec.kind() == Kind.SOFTMAX, extent.classes(), spec.targetDtype(), spec.ignoreIndex());
  }

  private static LongFunction<DataException> of(
      boolean multiclass, int classes, DType target, @Nullable Integer ignoreIndex) {
    return multiclass
        ? index -> DataException.classLabel(index, classes, target, ignoreIndex)
        : index -> DataException.binaryTarget(index, target, ignoreIndex);
  }
}
