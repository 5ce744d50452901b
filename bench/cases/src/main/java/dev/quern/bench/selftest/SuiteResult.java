package dev.quern.bench.selftest;

/**
 * What became of one suite on one backend.
 *
 * @param backend its name, or a device of it as in {@code opencl:1}
 * @param suite the suite's name; {@code backend} where the backend itself could not be used
 * @param report its cases
 */
public record SuiteResult(String backend, String suite, Report report) {}
