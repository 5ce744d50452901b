/**
 * The CPU backend on the Vector API, a package a family.
 *
 * <p>Loops that differ in one expression are written out, one small method each, and not given the
 * expression as a lambda: C2 inlines vector operations only into a method that it compiles whole,
 * with constant operations, and stops inlining beyond some number of nodes; a loop over boxed
 * vectors takes ten times as long or more. Loops over native memory and over arrays are apart for
 * the same reason. That repetition is meant; what is said of one such loop holds for its likes.
 */
package dev.quern.simd;
