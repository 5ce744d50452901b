import org.jspecify.annotations.NullMarked;

/** The CPU backend on the Vector API. */
@NullMarked
module dev.quern.simd {
  requires dev.quern;
  requires jdk.incubator.vector;
  requires static org.jspecify;
}
