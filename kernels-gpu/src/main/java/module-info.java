import org.jspecify.annotations.NullMarked;

/** What the OpenCL and the CUDA backend share. */
@NullMarked
module dev.quern.gpu {
  requires transitive dev.quern;
  requires jdk.jfr;
  requires static org.jspecify;

  exports dev.quern.gpu;
  exports dev.quern.gpu.host;
  exports dev.quern.gpu.layout;
  exports dev.quern.gpu.loss;
  exports dev.quern.gpu.program;
}
