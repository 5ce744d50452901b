/** What measures the machine. */
package dev.quern.simd.calibration;
