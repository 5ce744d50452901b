/** The OpenCL backend. */
package dev.quern.opencl;
