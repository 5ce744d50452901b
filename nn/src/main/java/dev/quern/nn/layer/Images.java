package dev.quern.nn.layer;

import dev.quern.MemoryFormat;
import dev.quern.Tensor;
import java.util.function.UnaryOperator;

/** Images as the operations on them want them. */
final class Images {
  private Images() {}

  /** Brings the channels last, if they are not, for the time of a call. */
  static Tensor withChannelsLast(Tensor x, UnaryOperator<Tensor> call) {
    if (x.shape().rank() != 4 || x.type().is(MemoryFormat.CHANNELS_LAST)) {
      return call.apply(x);
    }
    try (Tensor images = x.channelsLast()) {
      return call.apply(images);
    }
  }
}
