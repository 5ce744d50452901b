package dev.quern.cuda;

import dev.quern.gpu.program.KernelSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where one device's images of the kernel families come from. */
interface KernelImages {
  /** What nvcc is told when this module is built, as far as it concerns the result. */
  List<String> OPTIONS = List.of("--std=c++17", "--fmad=false");

  /** Reads a family's source, which lies beside the images. */
  static KernelSource source(String family) {
    return KernelSource.read(family + ".cu", KernelImages.class::getResourceAsStream);
  }

  /** Returns a family's image. */
  byte[] image(String family);

  /** Returns another image where the driver refused that one, or null if there is none. */
  default byte @Nullable [] anew(String family) {
    return null;
  }
}
