package dev.quern.cuda;

import org.jspecify.annotations.Nullable;

/** Where one device's images of the kernel families come from. */
interface KernelImages {
  /** Returns a family's image. */
  byte[] image(String family);

  /** Returns another image where the driver refused that one, or null if there is none. */
  default byte @Nullable [] anew(String family) {
    return null;
  }
}
