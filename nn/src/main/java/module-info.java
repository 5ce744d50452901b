import org.jspecify.annotations.NullMarked;

/** Networks: a tape for gradients, layers, segmentation networks and their weights in files. */
@NullMarked
@SuppressWarnings("module") // the trainer is compiled after this module
module dev.quern.nn {
  requires transitive dev.quern;
  requires static org.jspecify;

  exports dev.quern.nn;
  exports dev.quern.nn.layer;
  exports dev.quern.nn.safetensors;
  exports dev.quern.nn.segmenter;
  exports dev.quern.nn.tile to
      dev.quern.train;
  exports dev.quern.nn.unet;
}
