/** Operations that give elements another shape, another place, or both. */
package dev.quern.op.shape;
