/**
 * Thin wrappers over JCuda's driver interface, one subject each: every handle is closed by exactly
 * one owner, every failing call becomes a {@link dev.quern.DeviceException} that names it.
 */
package dev.quern.cuda.host;
