/** Gradients through operations: a tape hears what is computed and unwinds it. */
package dev.quern.nn;
