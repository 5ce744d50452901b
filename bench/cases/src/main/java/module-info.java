import org.jspecify.annotations.NullMarked;

/** Kernel cases: one list for parity, golden vectors, selftest and timing. */
@NullMarked
module dev.quern.bench {
  requires transitive dev.quern;
  requires jdk.management;
  requires tools.jackson.databind;
  requires static org.jspecify;

  exports dev.quern.bench;
  exports dev.quern.bench.kernels;
}
