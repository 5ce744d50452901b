package dev.quern.train.image.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One directory of a TIFF or BigTIFF file, or of an EXIF block. A value is taken from the file only
 * when it is asked for, and never more than the file holds.
 */
public final class TiffDirectory {

  private static final int MOST_PAGES = 1 << 16;
  private static final int BIG = 43;

  /** Bytes of each field type of the specification, by its number. */
  private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};

  private record Entry(int type, long count, long offset) {}

  private final MemorySegment file;
  private final ByteOrder order;
  private final boolean big;
  private final Map<Integer, Entry> entries = new HashMap<>();
  private final long next;

  private TiffDirectory(MemorySegment file, ByteOrder order, boolean big, long offset)
      throws DamagedException {
    this.file = file;
    this.order = order;
    this.big = big;
    long count = big ? readLong(offset) : readShort(offset);
    long start = offset + (big ? 8 : 2);
    int entryBytes = big ? 20 : 12;
    if (count < 0 || count > (file.byteSize() - start) / entryBytes) {
      throw new DamagedException("the TIFF file is cut off");
    }
    for (long i = 0; i < count; i++) {
      long at = start + i * entryBytes;
      Entry entry =
          new Entry(
              readShort(at + 2), big ? readLong(at + 4) : readInt(at + 4), at + (big ? 12 : 8));
      entries.putIfAbsent(readShort(at), entry);
    }
    long end = start + count * entryBytes;
    // Some writers leave the link to the next directory out.
    boolean linked = end + (big ? 8 : 4) <= file.byteSize();
    next = !linked ? 0 : big ? readLong(end) : readInt(end);
  }

  public static TiffDirectory first(MemorySegment file) throws DamagedException {
    return read(file, 1).getFirst();
  }

  public static List<TiffDirectory> all(MemorySegment file) throws DamagedException {
    return read(file, MOST_PAGES);
  }

  private static List<TiffDirectory> read(MemorySegment file, int most) throws DamagedException {
    if (file.byteSize() < 8) {
      throw new DamagedException("the TIFF file is cut off");
    }
    byte mark = file.get(ValueLayout.JAVA_BYTE, 0);
    if (mark != 'I' && mark != 'M') {
      throw new DamagedException("the TIFF header is missing");
    }
    ByteOrder order = mark == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    boolean big = file.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order), 2) == BIG;
    if (big && file.byteSize() < 16) {
      throw new DamagedException("the TIFF file is cut off");
    }
    long offset =
        big
            ? file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order), 8)
            : Integer.toUnsignedLong(file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(order), 4));
    List<TiffDirectory> directories = new ArrayList<>();
    Set<Long> seen = new HashSet<>();
    while (offset != 0 && directories.size() < most) {
      if (!seen.add(offset)) {
        throw new DamagedException("the directories of the TIFF file run in a circle");
      }
      TiffDirectory directory = new TiffDirectory(file, order, big, offset);
      directories.add(directory);
      offset = directory.next;
    }
    if (directories.isEmpty()) {
      throw new DamagedException("the TIFF file has no directory");
    }
    return directories;
  }

  public ByteOrder order() {
    return order;
  }

  public boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** The first number of a field. */
  public long value(int tag, long otherwise) throws DamagedException {
    long[] values = values(tag);
    return values.length == 0 ? otherwise : values[0];
  }

  /** All numbers of an integer field; none when it is missing. */
  public long[] values(int tag) throws DamagedException {
    Entry entry = entries.get(tag);
    if (entry == null) {
      return new long[0];
    }
    int bytes = width(entry);
    if (entry.type == 5 || entry.type == 10 || entry.type == 11 || entry.type == 12) {
      throw new DamagedException("TIFF tag " + tag + " is no integer");
    }
    long at = start(tag, entry, bytes);
    long[] values = new long[(int) entry.count];
    for (int i = 0; i < values.length; i++) {
      long from = at + (long) i * bytes;
      values[i] =
          switch (bytes) {
            case 1 -> file.get(ValueLayout.JAVA_BYTE, from) & 0xFF;
            case 2 -> readShort(from);
            case 4 -> readInt(from);
            default -> readLong(from);
          };
    }
    return values;
  }

  /** The bytes of a field. */
  public Optional<MemorySegment> bytes(int tag) throws DamagedException {
    Entry entry = entries.get(tag);
    if (entry == null) {
      return Optional.empty();
    }
    int bytes = width(entry);
    return Optional.of(file.asSlice(start(tag, entry, bytes), entry.count * bytes));
  }

  private static int width(Entry entry) {
    return entry.type < TYPE_BYTES.length ? TYPE_BYTES[entry.type] : 0;
  }

  private long start(int tag, Entry entry, int bytes) throws DamagedException {
    if (bytes == 0) {
      throw new DamagedException("TIFF tag " + tag + " has an unknown type");
    }
    if (entry.count < 0
        || entry.count > Math.min(file.byteSize() / bytes, Integer.MAX_VALUE / 16)) {
      throw new DamagedException("TIFF tag " + tag + " lies outside the file");
    }
    long size = entry.count * bytes;
    long at =
        size <= (big ? 8 : 4) ? entry.offset : big ? readLong(entry.offset) : readInt(entry.offset);
    if (at < 0 || at > file.byteSize() - size) {
      throw new DamagedException("TIFF tag " + tag + " lies outside the file");
    }
    return at;
  }

  private void require(long at, int bytes) throws DamagedException {
    if (at < 0 || at > file.byteSize() - bytes) {
      throw new DamagedException("the TIFF file is cut off");
    }
  }

  private int readShort(long at) throws DamagedException {
    require(at, 2);
    return file.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order), at) & 0xFFFF;
  }

  private long readInt(long at) throws DamagedException {
    require(at, 4);
    return Integer.toUnsignedLong(file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(order), at));
  }

  private long readLong(long at) throws DamagedException {
    require(at, 8);
    return file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order), at);
  }
}
