/** Engine, tensors, fused losses, metrics and optimizers. */
package dev.quern;
