import org.jspecify.annotations.NullMarked;

/** Kernel cases: one list for parity, golden vectors, selftest and timing. */
@NullMarked
module dev.quern.bench {
  requires transitive dev.quern;
  requires dev.quern.nn;
  requires java.management;
  requires jdk.management;
  requires com.fasterxml.jackson.annotation;
  requires tools.jackson.databind;
  requires static org.jspecify;

  uses dev.quern.spi.BackendProvider;

  exports dev.quern.bench.cases;
  exports dev.quern.bench.check;
  exports dev.quern.bench.definition;
  exports dev.quern.bench.kernels;
  exports dev.quern.bench.random;
  exports dev.quern.bench.selftest;
  exports dev.quern.bench.speed;
  exports dev.quern.bench.speed.compare;
  exports dev.quern.bench.speed.result;
  exports dev.quern.bench.unfused;

  opens dev.quern.bench.speed.result to
      tools.jackson.databind;
}
