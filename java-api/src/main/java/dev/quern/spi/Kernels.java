package dev.quern.spi;

import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.SegmentationKernels;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.NormalizationKernels;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.tensor.CalibrationKernels;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.RandomKernels;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The kernel families of a backend. This record is their only list: whoever wants all of them reads
 * its components.
 *
 * @param pointwise fill, copy and elementwise arithmetic
 * @param reduction sums and greatest elements
 * @param matrix matrix products
 * @param convolution convolutions of images
 * @param normalization batch normalization, rows made standard, softmax
 * @param pooling the greatest elements and the means of windows
 * @param resampling images of other sizes
 * @param layout changes of the order in memory
 * @param random counter-based random numbers
 * @param segmentation fused segmentation losses
 * @param lovasz Lovasz losses
 * @param confusion confusion counts
 * @param optimizer optimizer steps over an arena
 * @param calibration what measures the device itself
 */
public record Kernels(
    PointwiseKernels pointwise,
    ReductionKernels reduction,
    MatrixKernels matrix,
    ConvolutionKernels convolution,
    NormalizationKernels normalization,
    PoolingKernels pooling,
    ResamplingKernels resampling,
    LayoutKernels layout,
    RandomKernels random,
    SegmentationKernels segmentation,
    LovaszKernels lovasz,
    ConfusionKernels confusion,
    OptimizerKernels optimizer,
    CalibrationKernels calibration) {

  /**
   * Lists the families.
   *
   * @return the type of each, in the order of the record
   */
  public static List<Class<? extends KernelFamily>> families() {
    var families = new ArrayList<Class<? extends KernelFamily>>();
    for (RecordComponent component : Kernels.class.getRecordComponents()) {
      families.add(component.getType().asSubclass(KernelFamily.class));
    }
    return families;
  }

  /**
   * Names a family.
   *
   * @param family its type
   * @return the name of its component here: {@code pointwise}
   * @throws IllegalArgumentException if there is no such family
   */
  public static String name(Class<? extends KernelFamily> family) {
    return component(family).getName();
  }

  /**
   * Returns a family by its type.
   *
   * @param family the type
   * @param <F> the type
   * @return the family
   * @throws IllegalArgumentException if there is no such family
   */
  public <F extends KernelFamily> F family(Class<F> family) {
    return family.cast(get(component(family)));
  }

  /**
   * Replaces every family.
   *
   * @param change makes a family's replacement, of the same type
   * @return the replacements
   */
  public Kernels map(UnaryOperator<KernelFamily> change) {
    RecordComponent[] components = Kernels.class.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] changed = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      changed[i] = change.apply((KernelFamily) get(components[i]));
    }
    try {
      return Kernels.class.getDeclaredConstructor(types).newInstance(changed);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("The families cannot be replaced.", e);
    }
  }

  private static RecordComponent component(Class<?> family) {
    return Arrays.stream(Kernels.class.getRecordComponents())
        .filter(component -> component.getType() == family)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("There is no kernel family " + family + "."));
  }

  private Object get(RecordComponent component) {
    try {
      return component.getAccessor().invoke(this);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("A family cannot be read.", e);
    }
  }
}
