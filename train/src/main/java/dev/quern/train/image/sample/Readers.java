package dev.quern.train.image.sample;

import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import javax.imageio.IIOException;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import org.jspecify.annotations.Nullable;

/** ImageIO's readers, chosen by the name of their class and never by their order. */
public enum Readers {
  PNG("com.sun.imageio.plugins.png.PNGImageReaderSpi"),
  JPEG("com.sun.imageio.plugins.jpeg.JPEGImageReaderSpi"),
  GIF("com.sun.imageio.plugins.gif.GIFImageReaderSpi", true),
  BMP("com.sun.imageio.plugins.bmp.BMPImageReaderSpi"),
  TIFF("com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi"),
  WEBP("com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi", true);

  private final String provider;
  private final boolean bounded;

  Readers(String provider) {
    this(provider, false);
  }

  Readers(String provider, boolean bounded) {
    this.provider = provider;
    this.bounded = bounded;
  }

  /** Lets the reader choose where the samples go. */
  public WritableRaster read(List<MemorySegment> slices, Consumer<String> warnings)
      throws IOException {
    return read(slices, warnings, null, new Point());
  }

  /** Decodes into the raster that is given. */
  public WritableRaster readInto(
      WritableRaster raster, Point at, List<MemorySegment> slices, Consumer<String> warnings)
      throws IOException {
    return read(slices, warnings, new BufferedImage(model(raster), raster, false, null), at);
  }

  private WritableRaster read(
      List<MemorySegment> slices,
      Consumer<String> warnings,
      @Nullable BufferedImage destination,
      Point at)
      throws IOException {
    ImageReader reader = reader();
    try (Slices in = bounded ? Slices.bounded(slices) : new Slices(slices)) {
      reader.addIIOReadWarningListener((_, warning) -> warnings.accept(warning));
      reader.setInput(in, false, true);
      ImageReadParam param = reader.getDefaultReadParam();
      param.setDestination(destination);
      param.setDestinationOffset(at);
      return reader.read(0, param).getRaster();
    } finally {
      reader.dispose();
    }
  }

  private ImageReader reader() throws IOException {
    Iterator<ImageReaderSpi> found =
        IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, true);
    while (found.hasNext()) {
      ImageReaderSpi spi = found.next();
      if (spi.getClass().getName().equals(provider)) {
        return spi.createReaderInstance();
      }
    }
    throw new IIOException("this program runs without its reader " + provider);
  }

  /** The readers look at the number of bands and their bits only. */
  private static ColorModel model(WritableRaster raster) {
    int bits = raster.getSampleModel().getSampleSize(0);
    if (bits < 8) {
      byte[] black = new byte[1 << bits];
      return new IndexColorModel(bits, 1 << bits, black, black, black);
    }
    int bands = raster.getNumBands();
    ColorSpace space = ColorSpace.getInstance(bands < 3 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
    boolean alpha = bands % 2 == 0;
    return new ComponentColorModel(
        space,
        alpha,
        false,
        alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
        raster.getTransferType());
  }
}
