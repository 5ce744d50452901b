package dev.quern.train.image.sample;

import java.awt.image.DataBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Samples in mapped memory, one segment per bank. */
public final class MappedSamples extends DataBuffer {

  private final MemorySegment[] segments;

  public MappedSamples(int dataType, int size, MemorySegment[] segments) {
    super(dataType, size, segments.length);
    this.segments = segments;
  }

  @Override
  public int getElem(int bank, int i) {
    MemorySegment from = segments[bank];
    return switch (dataType) {
      case TYPE_BYTE -> from.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      case TYPE_USHORT -> from.getAtIndex(ValueLayout.JAVA_SHORT, i) & 0xFFFF;
      case TYPE_SHORT -> from.getAtIndex(ValueLayout.JAVA_SHORT, i);
      case TYPE_INT -> from.getAtIndex(ValueLayout.JAVA_INT, i);
      default -> (int) from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    };
  }

  @Override
  public void setElem(int bank, int i, int value) {
    MemorySegment to = segments[bank];
    switch (dataType) {
      case TYPE_BYTE -> to.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      case TYPE_USHORT, TYPE_SHORT -> to.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) value);
      case TYPE_INT -> to.setAtIndex(ValueLayout.JAVA_INT, i, value);
      default -> to.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
  }

  @Override
  public float getElemFloat(int bank, int i) {
    return dataType == TYPE_FLOAT
        ? segments[bank].getAtIndex(ValueLayout.JAVA_FLOAT, i)
        : getElem(bank, i);
  }

  @Override
  public void setElemFloat(int bank, int i, float value) {
    if (dataType == TYPE_FLOAT) {
      segments[bank].setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    } else {
      setElem(bank, i, (int) value);
    }
  }
}
