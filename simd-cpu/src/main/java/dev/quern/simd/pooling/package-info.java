/** Pooling of channels-last images: a piece is a row of pixels, lanes run along the channels. */
package dev.quern.simd.pooling;
