package dev.quern.reference.spatial;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.MaxPoolingPlan;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.MemorySegment;

/** Poolings, one window at a time. */
public final class ReferencePoolingKernels implements PoolingKernels {
  @Override
  public MaxPoolingPlan prepare(MaxPoolingSpec spec) {
    return new MaxPooling(spec);
  }

  @Override
  public AveragePoolingPlan prepare(AveragePoolingSpec spec) {
    throw new UnsupportedOperationException("average pooling");
  }

  private record MaxPooling(MaxPoolingSpec spec) implements MaxPoolingPlan {
    @Override
    public void forward(SpatialExtent in, Span x, Span out, Span places) {
      MemorySegment source = HostBuffer.segment(x);
      MemorySegment target = HostBuffer.segment(out);
      MemorySegment chosen = HostBuffer.segment(places);
      SpatialExtent result = spec.result(in);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long row = 0; row < result.height(); row++) {
          for (long column = 0; column < result.width(); column++) {
            for (long c = 0; c < in.channels(); c++, at++) {
              float most = Float.NEGATIVE_INFINITY;
              int place = -1;
              for (int i = 0; i < spec.vertical().kernel(); i++) {
                long y = element(spec.vertical(), row, i);
                for (int j = 0; j < spec.horizontal().kernel(); j++) {
                  long z = element(spec.horizontal(), column, j);
                  if (y < 0 || y >= in.height() || z < 0 || z >= in.width()) {
                    continue;
                  }
                  long plane = (n * in.height() + y) * in.width() + z;
                  float value = source.getAtIndex(JAVA_FLOAT, plane * in.channels() + c);
                  if (place < 0 || value > most || Float.isNaN(value)) {
                    most = value;
                    place = (int) (y * in.width() + z);
                  }
                }
              }
              target.setAtIndex(JAVA_FLOAT, at, most);
              chosen.setAtIndex(JAVA_INT, at, place);
            }
          }
        }
      }
    }

    private static long element(Window window, long place, int i) {
      return place * window.stride() - window.padding() + (long) i * window.dilation();
    }

    @Override
    public void backward(SpatialExtent in, Span gradient, Span places, Span out) {
      MemorySegment source = HostBuffer.segment(gradient);
      MemorySegment chosen = HostBuffer.segment(places);
      MemorySegment target = HostBuffer.segment(out);
      target.fill((byte) 0);
      SpatialExtent result = spec.result(in);
      long perImage = result.height() * result.width() * result.channels();
      for (long at = 0; at < result.elements(); at++) {
        int place = chosen.getAtIndex(JAVA_INT, at);
        if (place >= 0) {
          long pixel = at / perImage * in.height() * in.width() + place;
          long to = pixel * in.channels() + at % in.channels();
          float sum = target.getAtIndex(JAVA_FLOAT, to) + source.getAtIndex(JAVA_FLOAT, at);
          target.setAtIndex(JAVA_FLOAT, to, sum);
        }
      }
    }
  }
}
