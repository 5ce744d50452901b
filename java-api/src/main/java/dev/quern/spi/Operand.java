package dev.quern.spi;

import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A span that a kernel is given.
 *
 * @param name the parameter's, or that of the record's component it comes in
 * @param span what it is
 * @param written how it is marked; null if the kernel only reads it
 */
public record Operand(String name, Span span, @Nullable Written written) {

  /**
   * Tells whether the kernel depends on what the span holds before.
   *
   * @return whether it is read
   */
  public boolean isRead() {
    return written == null || written.afterReading();
  }

  /**
   * Tells whether the kernel changes what the span holds.
   *
   * @return whether it is written
   */
  public boolean isWritten() {
    return written != null;
  }

  /**
   * Finds the spans among the arguments of a call, those in lists and records too.
   *
   * @param method a method of a kernel family or plan
   * @param arguments what it is given
   * @return its operands, in the order of the parameters
   */
  public static List<Operand> of(Method method, Object[] arguments) {
    var operands = new ArrayList<Operand>();
    Parameter[] parameters = method.getParameters();
    for (int i = 0; i < arguments.length; i++) {
      Written written = parameters[i].getAnnotation(Written.class);
      add(parameters[i].getName(), written, arguments[i], operands);
    }
    return operands;
  }

  private static void add(
      String name, @Nullable Written written, @Nullable Object value, List<Operand> operands) {
    switch (value) {
      case Span span -> operands.add(new Operand(name, span, written));
      case List<?> list -> list.forEach(each -> add(name, written, each, operands));
      case Record group -> {
        for (var component : group.getClass().getRecordComponents()) {
          Written part = written == null ? null : component.getAnnotation(Written.class);
          add(component.getName(), part, value(group, component), operands);
        }
      }
      case null, default -> {}
    }
  }

  private static @Nullable Object value(Record group, RecordComponent component) {
    try {
      return component.getAccessor().invoke(group);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("A record of the SPI does not show its parts.", e);
    }
  }
}
