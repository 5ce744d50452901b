package dev.quern.cuda.host;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel's name and its parameter structure, whose layout is that of the C structure with the
 * same fields.
 *
 * @param kernel the entry's name
 * @param arguments the structure; pointers are {@link ValueLayout#ADDRESS}
 */
public record Signature(String kernel, StructLayout arguments) {

  /**
   * Lays the structure out: every field at a multiple of its size, the whole a multiple of the
   * largest.
   *
   * @param kernel the entry's name
   * @param fields the fields in order
   * @return the signature
   */
  public static Signature of(String kernel, ValueLayout... fields) {
    var members = new ArrayList<MemoryLayout>();
    long size = 0;
    long alignment = 1;
    for (ValueLayout field : fields) {
      size += pad(members, size, field.byteAlignment()) + field.byteSize();
      members.add(field);
      alignment = Math.max(alignment, field.byteAlignment());
    }
    pad(members, size, alignment);
    return new Signature(kernel, MemoryLayout.structLayout(members.toArray(MemoryLayout[]::new)));
  }

  private static long pad(List<MemoryLayout> members, long size, long alignment) {
    long padding = Math.ceilDiv(size, alignment) * alignment - size;
    if (padding > 0) {
      members.add(MemoryLayout.paddingLayout(padding));
    }
    return padding;
  }

  /**
   * Names a pointer to a tensor's first element.
   *
   * @param name the field
   * @return the field
   */
  public static ValueLayout pointer(String name) {
    return ValueLayout.ADDRESS.withName(name);
  }

  /**
   * Names a long long.
   *
   * @param name the field
   * @return the field
   */
  public static ValueLayout int64(String name) {
    return ValueLayout.JAVA_LONG.withName(name);
  }

  /**
   * Names an int or unsigned int.
   *
   * @param name the field
   * @return the field
   */
  public static ValueLayout int32(String name) {
    return ValueLayout.JAVA_INT.withName(name);
  }

  /**
   * Names a float.
   *
   * @param name the field
   * @return the field
   */
  public static ValueLayout f32(String name) {
    return ValueLayout.JAVA_FLOAT.withName(name);
  }

  /**
   * Names an unsigned char.
   *
   * @param name the field
   * @return the field
   */
  public static ValueLayout u8(String name) {
    return ValueLayout.JAVA_BYTE.withName(name);
  }
}
