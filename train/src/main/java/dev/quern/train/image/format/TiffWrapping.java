package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The header of a TIFF file whose only strip is a strip or tile of another. */
final class TiffWrapping {

  private static final int SHORT = 3;
  private static final int LONG = 4;

  private final ByteBuffer header;
  private static final int ENTRIES = 13;

  TiffWrapping(TiffLayout layout, int rowBytes, int rows, long length) throws DamagedException {
    boolean fax = layout.compression <= TiffLayout.FAX_4;
    int size = 8 + 2 + ENTRIES * 12 + 4;
    header = ByteBuffer.allocate(size).order(layout.directory.order());
    header.put((byte) (layout.directory.order() == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M'));
    header.put(header.get(0)).putShort((short) 42).putInt(8).putShort((short) ENTRIES);
    entry(256, LONG, fax ? layout.tileWidth : rowBytes);
    entry(257, LONG, rows);
    entry(258, SHORT, fax ? 1 : 8);
    entry(259, SHORT, layout.compression);
    entry(262, SHORT, TiffLayout.BLACK_IS_ZERO);
    entry(266, SHORT, fax && layout.bitsReversed ? 2 : 1);
    entry(273, LONG, size);
    entry(277, SHORT, 1);
    entry(278, LONG, rows);
    entry(279, LONG, (int) length);
    entry(284, SHORT, 1);
    entry(292, LONG, (int) layout.directory.value(292, 0));
    entry(293, LONG, (int) layout.directory.value(293, 0));
    header.putInt(0);
  }

  private void entry(int tag, int type, int value) {
    header.putShort((short) tag).putShort((short) type).putInt(1);
    if (type == SHORT) {
      header.putShort((short) value).putShort((short) 0);
    } else {
      header.putInt(value);
    }
  }

  MemorySegment header() {
    return MemorySegment.ofArray(header.array());
  }
}
