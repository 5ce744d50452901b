import dev.quern.spi.BackendProvider;
import org.jspecify.annotations.NullMarked;

/** Engine, tensors, fused losses, metrics and optimizers. */
@NullMarked
module dev.quern {
  requires jdk.jfr;
  requires static org.jspecify;

  exports dev.quern;
  exports dev.quern.loss;
  exports dev.quern.metric;
  exports dev.quern.op;
  exports dev.quern.op.shape;
  exports dev.quern.op.spatial;
  exports dev.quern.optim;
  exports dev.quern.reference;
  exports dev.quern.schedule;
  exports dev.quern.spi;
  exports dev.quern.spi.host;
  exports dev.quern.spi.loss;
  exports dev.quern.spi.metric;
  exports dev.quern.spi.optim;
  exports dev.quern.spi.spatial;
  exports dev.quern.spi.tensor;

  uses BackendProvider;

  provides BackendProvider with
      dev.quern.reference.ReferenceProvider;
}
