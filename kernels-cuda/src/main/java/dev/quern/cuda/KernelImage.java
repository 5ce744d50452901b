package dev.quern.cuda;

import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What nvcc made of the kernel sources when this module was built. */
final class KernelImage {
  /**
   * Code for the devices of compute capability 8.x and 9.x lies in the image; others compile PTX.
   */
  private static final int FIRST_WITH_CODE = 80;

  private static final int END_WITH_CODE = 100;

  /** The least compute capability that the PTX is for. */
  private static final int LEAST_CAPABILITY = 75;

  private static final Pattern RELEASE = Pattern.compile("release (\\d+)\\.(\\d+)");

  private KernelImage() {}

  /**
   * Reads one family's image.
   *
   * @throws IllegalStateException if it was left out of the build
   */
  static byte[] read(String family) {
    byte[] image = resource(family + ".fatbin");
    if (image == null) {
      throw new IllegalStateException("The kernel image " + family + ".fatbin is missing.");
    }
    return image;
  }

  /** Returns the version of the nvcc that made the images, or null if they were left out. */
  static @Nullable Version toolkit() {
    byte[] text = resource("nvcc.txt");
    if (text == null) {
      return null;
    }
    Matcher matcher = RELEASE.matcher(new String(text, StandardCharsets.US_ASCII));
    return matcher.find()
        ? new Version(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
        : null;
  }

  /**
   * Tells why a device cannot run the images.
   *
   * @param toolkit the version they were made with
   * @param driver the version the driver supports
   * @param device the device
   * @return one sentence with the remedy, or null if it can
   */
  static @Nullable String refusal(Version toolkit, Version driver, Device device) {
    if (device.capability() < LEAST_CAPABILITY) {
      return "%s has compute capability %d.%d and the kernels of this build are for 7.5 and more: use another backend, such as opencl."
          .formatted(device.name(), device.capability() / 10, device.capability() % 10);
    }
    boolean hasCode = device.capability() >= FIRST_WITH_CODE && device.capability() < END_WITH_CODE;
    // code runs on any driver of the same major version; PTX needs one as new as its compiler
    boolean fits = hasCode ? driver.major() >= toolkit.major() : driver.compareTo(toolkit) >= 0;
    return fits
        ? null
        : "The NVIDIA driver supports CUDA %s and the kernels for %s were built with CUDA %s: install %s."
            .formatted(driver, device.name(), toolkit, remedy(toolkit));
  }

  private static String remedy(Version toolkit) {
    return toolkit.major() == 13 && toolkit.minor() == 0
        ? "driver 580 or newer"
        : "a driver for CUDA " + toolkit + " or newer";
  }

  private static byte @Nullable [] resource(String name) {
    try (InputStream in = KernelImage.class.getResourceAsStream(name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + name + " failed.", e);
    }
  }
}
