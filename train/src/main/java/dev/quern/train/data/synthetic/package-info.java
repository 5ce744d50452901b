/** Drawn micrographs with their masks. */
package dev.quern.train.data.synthetic;
