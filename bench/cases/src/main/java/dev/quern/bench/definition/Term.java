package dev.quern.bench.definition;

/** One term of a loss: first every valid pixel is added, then value and derivatives are there. */
interface Term {
  /** Adds a pixel that is not ignored. */
  void add(Pixel pixel, Sides sides);

  /** Computes value and divisors from what was added. */
  void finish(Sides sides);

  /** The value. */
  double value();

  /** The sum of the absolute values of what the value is made of. */
  double absolute();

  /** Adds the derivatives with respect to the pixel's inputs. */
  void addGradient(Pixel pixel, Sides sides, Slopes slopes);
}
