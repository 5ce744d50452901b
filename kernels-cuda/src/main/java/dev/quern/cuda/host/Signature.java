package dev.quern.cuda.host;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel's name and its parameter structure, as its source says: an entry {@code
 * QUERN_KERNEL(name, Structure)}, the structure a {@code typedef} before it.
 *
 * @param kernel the entry's name
 * @param fields the structure's fields in order
 */
public record Signature(String kernel, List<Field> fields) {
  private static final Pattern ENTRY = Pattern.compile("QUERN_KERNEL\\((\\w+), (\\w+)\\) \\{");
  private static final Pattern STRUCTURE = Pattern.compile("typedef struct \\{([^}]*)\\} (\\w+);");
  private static final Pattern COMMENT = Pattern.compile("//.*");
  private static final Pattern FIELD = Pattern.compile("(.*?)(\\w+)", Pattern.DOTALL);

  /** What an argument can be. */
  public enum Type {
    /** The first element of a tensor. */
    POINTER(8),
    /** A long long. */
    INT64(8),
    /** An int or unsigned int. */
    INT32(4),
    /** A float. */
    F32(4),
    /** An unsigned char. */
    U8(1);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * A field.
   *
   * @param name its name
   * @param type its type
   * @param offset where it lies, in bytes
   */
  public record Field(String name, Type type, int offset) {}

  /**
   * Reads the entries of a source.
   *
   * @param source the text of a {@code .cu}
   * @return the entries by name, in order
   * @throws IllegalStateException if an entry's structure is missing, or has a field that cannot be
   *     an argument
   */
  public static Map<String, Signature> read(String source) {
    String code = COMMENT.matcher(source).replaceAll("");
    var structures = new LinkedHashMap<String, String>();
    Matcher structure = STRUCTURE.matcher(code);
    while (structure.find()) {
      structures.put(structure.group(2), structure.group(1));
    }
    var signatures = new LinkedHashMap<String, Signature>();
    Matcher entry = ENTRY.matcher(code);
    while (entry.find()) {
      String kernel = entry.group(1);
      String declarations = structures.get(entry.group(2));
      if (declarations == null) {
        throw new IllegalStateException(
            "Kernel %s has no structure %s.".formatted(kernel, entry.group(2)));
      }
      signatures.put(kernel, new Signature(kernel, fields(kernel, declarations)));
    }
    return signatures;
  }

  /** Lays fields out as C does: each at the next multiple of its size. */
  private static List<Field> fields(String kernel, String declarations) {
    var fields = new ArrayList<Field>();
    int end = 0;
    for (String declaration : declarations.split(";", -1)) {
      Matcher parts = FIELD.matcher(declaration.strip());
      if (parts.matches()) {
        String name = parts.group(2);
        Type type = type(kernel, name, parts.group(1));
        int offset = multiple(end, type.bytes);
        fields.add(new Field(name, type, offset));
        end = offset + type.bytes;
      }
    }
    return List.copyOf(fields);
  }

  private static Type type(String kernel, String field, String text) {
    String type = text.replaceAll("\\bunsigned\\b|\\s+", " ").strip();
    if (type.contains("*")) {
      return Type.POINTER;
    }
    return switch (type) {
      case "long long" -> Type.INT64;
      case "int" -> Type.INT32;
      case "float" -> Type.F32;
      case "char" -> Type.U8;
      default ->
          throw new IllegalStateException(
              "Argument %s of kernel %s is a %s, which no argument can be."
                  .formatted(field, kernel, text.strip()));
    };
  }

  /**
   * Returns the size of the structure, a multiple of its largest field's.
   *
   * @return bytes
   */
  public int byteSize() {
    int end = 0;
    int alignment = 1;
    for (Field field : fields) {
      end = field.offset() + field.type().bytes;
      alignment = Math.max(alignment, field.type().bytes);
    }
    return multiple(end, alignment);
  }

  private static int multiple(int bytes, int of) {
    return Math.ceilDiv(bytes, of) * of;
  }
}
