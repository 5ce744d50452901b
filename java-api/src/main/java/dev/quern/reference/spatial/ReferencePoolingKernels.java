package dev.quern.reference.spatial;

import static dev.quern.reference.spatial.ReferenceConvolutionKernels.element;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.MaxPoolingPlan;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import java.lang.foreign.MemorySegment;

/** Poolings, one window at a time. */
public final class ReferencePoolingKernels implements PoolingKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : PoolingKernels.super.support(dtype);
  }

  @Override
  public MaxPoolingPlan prepare(MaxPoolingSpec spec) {
    return new MaxPooling(spec);
  }

  @Override
  public AveragePoolingPlan prepare(AveragePoolingSpec spec) {
    return new AveragePooling(spec);
  }

  private record MaxPooling(MaxPoolingSpec spec) implements MaxPoolingPlan {
    @Override
    public void forward(SpatialExtent in, Span x, Span out, Span places) {
      Elements source = Elements.of(x);
      Elements target = Elements.of(out);
      MemorySegment chosen = HostBuffer.segment(places);
      SpatialExtent result = spec.result(in);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long row = 0; row < result.height(); row++) {
          for (long column = 0; column < result.width(); column++) {
            for (long c = 0; c < in.channels(); c++, at++) {
              double most = Double.NEGATIVE_INFINITY;
              int place = -1;
              for (int i = 0; i < spec.vertical().kernel(); i++) {
                long y = element(spec.vertical(), row, i);
                for (int j = 0; j < spec.horizontal().kernel(); j++) {
                  long z = element(spec.horizontal(), column, j);
                  if (y < 0 || y >= in.height() || z < 0 || z >= in.width()) {
                    continue;
                  }
                  long plane = (n * in.height() + y) * in.width() + z;
                  double value = source.get(plane * in.channels() + c);
                  if (place < 0 || value > most || Double.isNaN(value)) {
                    most = value;
                    place = (int) (y * in.width() + z);
                  }
                }
              }
              target.set(at, most);
              chosen.setAtIndex(JAVA_INT, at, place);
            }
          }
        }
      }
    }

    @Override
    public void backward(SpatialExtent in, Span gradient, Span places, Span out) {
      Elements source = Elements.of(gradient);
      Elements target = Elements.of(out);
      MemorySegment chosen = HostBuffer.segment(places);
      target.segment().fill((byte) 0);
      SpatialExtent result = spec.result(in);
      long perImage = result.height() * result.width() * result.channels();
      for (long at = 0; at < result.elements(); at++) {
        int place = chosen.getAtIndex(JAVA_INT, at);
        if (place >= 0) {
          long pixel = at / perImage * in.height() * in.width() + place;
          long to = pixel * in.channels() + at % in.channels();
          // two floats added in double and rounded have the bits of their sum in float
          target.set(to, target.get(to) + source.get(at));
        }
      }
    }
  }

  private record AveragePooling(AveragePoolingSpec spec) implements AveragePoolingPlan {
    @Override
    public void forward(SpatialExtent in, Span x, Span out) {
      Elements source = Elements.of(x);
      Elements target = Elements.of(out);
      SpatialExtent result = spec.result(in);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long row = 0; row < result.height(); row++) {
          for (long column = 0; column < result.width(); column++) {
            for (long c = 0; c < in.channels(); c++, at++) {
              target.set(at, sum(in, source, n, row, column, c) / taps());
            }
          }
        }
      }
    }

    private double sum(SpatialExtent in, Elements x, long n, long row, long column, long c) {
      double sum = 0;
      for (int i = 0; i < spec.vertical().kernel(); i++) {
        long y = element(spec.vertical(), row, i);
        for (int j = 0; j < spec.horizontal().kernel(); j++) {
          long z = element(spec.horizontal(), column, j);
          if (y >= 0 && y < in.height() && z >= 0 && z < in.width()) {
            sum += x.get(((n * in.height() + y) * in.width() + z) * in.channels() + c);
          }
        }
      }
      return sum;
    }

    @Override
    public void backward(SpatialExtent in, Span gradient, Span out) {
      Elements source = Elements.of(gradient);
      Elements target = Elements.of(out);
      SpatialExtent result = spec.result(in);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long y = 0; y < in.height(); y++) {
          for (long z = 0; z < in.width(); z++) {
            for (long c = 0; c < in.channels(); c++, at++) {
              target.set(at, gathered(result, source, n, y, z, c) / taps());
            }
          }
        }
      }
    }

    private double gathered(
        SpatialExtent result, Elements gradient, long n, long y, long z, long c) {
      double sum = 0;
      for (long row = 0; row < result.height(); row++) {
        for (int i = 0; i < spec.vertical().kernel(); i++) {
          if (element(spec.vertical(), row, i) != y) {
            continue;
          }
          long first = (n * result.height() + row) * result.width();
          for (long column = 0; column < result.width(); column++) {
            for (int j = 0; j < spec.horizontal().kernel(); j++) {
              if (element(spec.horizontal(), column, j) == z) {
                sum += gradient.get((first + column) * result.channels() + c);
              }
            }
          }
        }
      }
      return sum;
    }

    private double taps() {
      return (double) spec.vertical().kernel() * spec.horizontal().kernel();
    }
  }
}
