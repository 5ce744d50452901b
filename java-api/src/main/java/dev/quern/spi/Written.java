package dev.quern.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks what a kernel writes: a {@link Span}, a list of them, or a record, of which it then writes
 * the components that are marked too. Scratch memory is not marked. {@code -Dquern.check=finite}
 * tells by it whether a kernel made a number or was given it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
public @interface Written {
  /**
   * Tells whether the content from before is read as well.
   *
   * @return false if it may be undefined, by default
   */
  boolean afterReading() default false;
}
