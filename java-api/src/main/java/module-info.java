import org.jspecify.annotations.NullMarked;

/** Engine, tensors, fused losses, metrics and optimizers. */
@NullMarked
module dev.quern {
  requires static org.jspecify;

  exports dev.quern.schedule;
}
