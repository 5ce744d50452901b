import org.jspecify.annotations.NullMarked;

/** The OpenCL backend. */
@NullMarked
module dev.quern.opencl {
  requires dev.quern;
  requires jocl;
  requires static org.jspecify;
}
