/** A trained network that segments images, out of its checkpoint. */
package dev.quern.nn.segmenter;
