package dev.quern.spi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.tensor.PointwiseKernels;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The check for finite results knows of every kernel what it writes. */
class WrittenTest {

  /** The families, and the plans that they prepare. */
  private static Set<Class<?>> families() {
    var found = new LinkedHashSet<Class<?>>(Kernels.families());
    for (Class<?> family : Kernels.families()) {
      for (Method method : family.getMethods()) {
        if (Plan.class.isAssignableFrom(method.getReturnType())) {
          found.add(method.getReturnType());
        }
      }
    }
    return found;
  }

  /** Kernels give nothing back and take device memory. */
  private static List<Method> kernels(Class<?> family) {
    return Arrays.stream(family.getMethods())
        .filter(method -> method.getReturnType() == void.class)
        .filter(method -> Arrays.stream(method.getParameterTypes()).anyMatch(Span.class::equals))
        .toList();
  }

  private static boolean isWritten(AnnotatedElement element, Class<?> type) {
    if (!element.isAnnotationPresent(Written.class)) {
      return false;
    }
    return !type.isRecord()
        || type == Span.class
        || Arrays.stream(type.getRecordComponents()).anyMatch(c -> isWritten(c, c.getType()));
  }

  @Test
  void everyKernelWritesSomething() {
    Set<Class<?>> families = families();
    assertTrue(families.containsAll(Set.of(PointwiseKernels.class, FusedLossPlan.class)));
    for (Class<?> family : families) {
      for (Method kernel : kernels(family)) {
        assertTrue(
            Arrays.stream(kernel.getParameters()).anyMatch(p -> isWritten(p, p.getType())),
            () -> kernel + " has no operand that is @Written");
      }
    }
  }

  @Test
  void whatIsNamedForItsResultIsWritten() {
    Set<String> results = Set.of("out", "value", "gradient", "losses", "counts", "fault");
    for (Class<?> family : families()) {
      for (Method kernel : kernels(family)) {
        // a gradient that something else is made of is an operand
        boolean hasOut = Arrays.stream(kernel.getParameters()).anyMatch(p -> isNamed(p, "out"));
        Arrays.stream(kernel.getParameters())
            .filter(p -> p.getType() == Span.class && results.contains(p.getName()))
            .filter(p -> !(hasOut && isNamed(p, "gradient")))
            .forEach(p -> assertTrue(isWritten(p, p.getType()), () -> kernel + " " + p.getName()));
      }
    }
  }

  private static boolean isNamed(Parameter parameter, String name) {
    return parameter.getName().equals(name);
  }
}
