/**
 * How fast the kernels are: against each other's backends, their unfused definitions and the
 * device's own ceilings.
 *
 * <p>A <em>call</em> is one execution of a kernel, waited for. A <em>visit</em> is some calls of
 * one kernel in one size, with the device's pace just then. In a <em>lap</em> every kernel and size
 * of a device gets a visit, in a <em>round</em> every device takes laps. All visits of a kernel in
 * one size on one device are a <em>measurement</em>, all measurements a <em>run</em>. The time of a
 * measurement is the lower quartile of its visits, here, in the reports and in comparisons: what
 * disturbs a visit lengthens it, and nothing shortens it.
 */
package dev.quern.bench.speed;
