/** The kernels of the reference backend on images. */
package dev.quern.reference.spatial;
