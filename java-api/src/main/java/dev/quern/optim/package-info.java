/** Optimizers that update all parameters of a model in one launch. */
package dev.quern.optim;
