import org.jspecify.annotations.NullMarked;

/** Training of segmentation models and the quern command line. */
@NullMarked
module dev.quern.train {
  requires dev.quern;
  requires dev.quern.bench;
  requires info.picocli;
  requires java.desktop;
  requires me.tongfei.progressbar;
  requires tools.jackson.databind;
  requires static org.jspecify;
}
