package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeInstruction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every class of kernels computes with vectors: none is a scalar loop under a fast name. */
class VectorCallsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "optim.AdamLoops",
        "confusion.ClassLoops",
        "confusion.ConfusionLoops",
        "loss.LossStaging",
        "lovasz.LovaszLoops",
        "lovasz.LovaszSoftmax",
        "loss.BceLoops",
        "loss.FocalLoops",
        "loss.NativeLossLoops",
        "loss.OverlapLoops",
        "loss.SoftmaxLoops",
        "matrix.MatrixMicro",
        "pointwise.PointwiseLoops",
        "matrix.RowDots",
        "optim.SgdLoops",
        "calibration.SimdCalibrationKernels",
        "random.SimdRandomKernels",
        "optim.StepLoops",
        "reduction.SumLoops",
        "math.VectorMath",
        "matrix.WeightedRows"
      })
  void makesVectorCalls(String kernels) throws IOException {
    String file = kernels.replace('.', '/') + ".class";
    try (InputStream in = SimdProvider.class.getResourceAsStream(file)) {
      assertTrue(in != null, file);
      long calls =
          ClassFile.of().parse(in.readAllBytes()).methods().stream()
              .flatMap(method -> method.code().stream())
              .flatMap(code -> code.elementStream())
              .filter(element ->
                  element instanceof InvokeInstruction call
                      && call.owner().asInternalName().startsWith("jdk/incubator/vector/"))
              .count();
      assertTrue(calls >= 5, kernels + " makes " + calls + " vector calls");
    }
  }
}
