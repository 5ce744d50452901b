package dev.quern.train.image.sample;

import java.io.IOException;

/** An opened file of one format; its headers are read, its samples are not. */
public interface PictureFile {

  /** Pictures in the file that are read. */
  int pages();

  /** What the header of a page says, before orientation. */
  Size size(int page) throws IOException;

  Orientation orientation(int page) throws IOException;

  /** Decodes a page. */
  Samples decode(int page, Storage storage) throws IOException;

  boolean lossy(int page) throws IOException;
}
