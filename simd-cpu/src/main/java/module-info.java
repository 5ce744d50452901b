import dev.quern.spi.BackendProvider;
import org.jspecify.annotations.NullMarked;

/** The CPU backend on the Vector API. */
@NullMarked
module dev.quern.simd {
  requires dev.quern;
  requires jdk.incubator.vector;
  requires static org.jspecify;

  provides BackendProvider with
      dev.quern.simd.SimdProvider;
}
