import org.jspecify.annotations.NullMarked;

/** Training of segmentation models and the quern command line. */
@NullMarked
module dev.quern.train {
  requires transitive dev.quern;
  requires transitive dev.quern.nn;
  requires com.twelvemonkeys.common.io;
  requires com.twelvemonkeys.imageio.tiff;
  requires com.twelvemonkeys.imageio.webp;
  requires dev.quern.bench;
  requires info.picocli;
  requires java.desktop;
  requires java.logging;
  requires java.management;
  requires me.tongfei.progressbar;
  requires org.apache.commons.csv;
  requires tools.jackson.databind;
  requires static org.jspecify;

  exports dev.quern.train.checkpoint;

  opens dev.quern.train to
      info.picocli;
  opens dev.quern.train.bundle to
      info.picocli;
  opens dev.quern.train.command to
      info.picocli;
  opens dev.quern.train.option to
      info.picocli;
}
