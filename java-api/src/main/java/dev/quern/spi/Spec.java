package dev.quern.spi;

/**
 * What is worth preparing, as a value: a record of everything that a backend decides by. Equal
 * specifications have one plan. Which family prepares it is said here, so that nothing else lists
 * the kinds of specifications.
 *
 * @param <P> what it becomes
 */
public interface Spec<P extends Plan> {
  /**
   * Asks the family for it.
   *
   * @param kernels the families of a backend
   * @return whether {@link #prepare} works there, or why not
   */
  Support support(Kernels kernels);

  /**
   * Lets the family prepare it.
   *
   * @param kernels the families of a backend
   * @return the plan
   * @throws UnsupportedOperationException if the backend cannot do it, naming what is missing
   */
  P prepare(Kernels kernels);
}
