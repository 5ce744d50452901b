package dev.quern.bench.golden;

import java.io.IOException;
import java.io.InputStream;

/** Where the files are that cases name. */
@FunctionalInterface
interface GoldenFiles {
  /** Opens one that lies beside the suite. */
  InputStream open(String name) throws IOException;
}
