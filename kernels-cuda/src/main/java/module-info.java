import dev.quern.spi.BackendProvider;
import org.jspecify.annotations.NullMarked;

/** The CUDA backend. */
@NullMarked
module dev.quern.cuda {
  requires dev.quern.gpu;
  requires jcuda;
  requires static org.jspecify;

  provides BackendProvider with
      dev.quern.cuda.CudaProvider;
}
