/** Decoders, one for each format of picture files. */
package dev.quern.train.image.format;
