package dev.quern.train.option;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks an option that decides the result of a run, so that a resumed run keeps it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
@interface Setting {

  /** What {@code config.json} and the report call it, with a point before a part. */
  String value();

  /** Whether it says something of folders, and nothing of synthetic images. */
  boolean ofFolders() default false;
}
