import dev.quern.spi.BackendProvider;
import org.jspecify.annotations.NullMarked;

/** The OpenCL backend. */
@NullMarked
module dev.quern.opencl {
  requires dev.quern.gpu;
  requires jocl;
  requires static org.jspecify;

  provides BackendProvider with
      dev.quern.opencl.OpenClProvider;
}
