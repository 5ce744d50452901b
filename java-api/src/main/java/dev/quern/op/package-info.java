/**
 * Tensor operations as values: a record each, with its parameters and its rule for the types of the
 * results. {@link dev.quern.Engine#apply} runs them.
 */
package dev.quern.op;
