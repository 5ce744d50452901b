/**
 * Layers: what parts of a network compute, and the parameters they own. Parameters are named as
 * PyTorch names them, so weights go both ways.
 */
package dev.quern.nn.layer;
