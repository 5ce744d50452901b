/** Masks: which pixels of a file are the object. */
package dev.quern.train.data.mask;
