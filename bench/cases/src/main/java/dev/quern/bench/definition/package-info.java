/**
 * The losses, metrics and optimizers as their definitions say, in f64 and plain Java, one element
 * at a time: what random cases are judged by. Nothing here knows a kernel, the reference backend or
 * a specification. Everything is written so that f64 keeps its digits wherever the exact result is
 * well defined: probabilities come with their complements and logarithms, 1 - S is made of false
 * positives and negatives.
 */
@NullMarked
package dev.quern.bench.definition;

import org.jspecify.annotations.NullMarked;
