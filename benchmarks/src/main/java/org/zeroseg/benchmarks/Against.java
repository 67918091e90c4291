package org.zeroseg.benchmarks;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The benchmarks of the same class that a benchmark is compared with, in the same run. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Against {

  /**
   * Baselines.
   *
   * @return names of methods
   */
  String[] value();
}
