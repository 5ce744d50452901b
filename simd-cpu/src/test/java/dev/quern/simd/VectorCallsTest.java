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
      classes = {
        AdamLoops.class,
        ClassLoops.class,
        ConfusionLoops.class,
        LossStaging.class,
        LovaszLoops.class,
        LovaszSoftmax.class,
        BceLoops.class,
        FocalLoops.class,
        NativeLossLoops.class,
        OverlapLoops.class,
        SoftmaxLoops.class,
        MatrixMicro.class,
        PointwiseLoops.class,
        RowDots.class,
        SgdLoops.class,
        SimdCalibrationKernels.class,
        SimdRandomKernels.class,
        StepLoops.class,
        SumLoops.class,
        VectorMath.class,
        WeightedRows.class
      })
  void makesVectorCalls(Class<?> kernels) throws IOException {
    String file = kernels.getSimpleName() + ".class";
    try (InputStream in = kernels.getResourceAsStream(file)) {
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
