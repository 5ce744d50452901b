package dev.quern.train.image.sample;

import java.awt.image.Raster;
import org.jspecify.annotations.Nullable;

/**
 * Decoded samples as they lie in the file, before orientation.
 *
 * @param raster the bands of the file, or one band of palette indices
 * @param bands the band of each channel, without alpha
 * @param alphaBand the band that holds alpha, or -1
 * @param type of every band
 * @param colours ARGB of each index, or null without a palette
 * @param transparent the samples of the one colour that is transparent, or null
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Samples(
    Raster raster,
    int[] bands,
    int alphaBand,
    SampleType type,
    int @Nullable [] colours,
    int @Nullable [] transparent) {

  /** Bands are channels; a last one may be alpha. */
  public static Samples of(Raster raster, int channels, boolean alpha, SampleType type) {
    int[] bands = new int[channels];
    for (int i = 0; i < channels; i++) {
      bands[i] = i;
    }
    return new Samples(raster, bands, alpha ? channels : -1, type, null, null);
  }

  /** The only band holds indices. */
  public static Samples ofPalette(Raster raster, int[] colours) {
    int channels = Palette.isGrey(colours) ? 1 : 3;
    return new Samples(raster, new int[channels], -1, SampleType.BYTE, colours, null);
  }

  public Samples withTransparent(int[] colour) {
    return new Samples(raster, bands, alphaBand, type, colours, colour);
  }

  public boolean alpha() {
    return alphaBand >= 0
        || transparent != null
        || (colours != null && Palette.isTransparent(colours));
  }
}
