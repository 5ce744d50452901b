/** Training of segmentation models and the quern command line. */
package dev.quern.train;
