package dev.quern.opencl;

/**
 * A type in a source, as far as it matters.
 *
 * @param name the type's name, without qualifiers
 * @param depth how many stars or dimensions a variable has
 */
record SourceType(String name, int depth) {
  static final SourceType UNKNOWN = new SourceType("", 0);
  static final SourceType DOUBLE = new SourceType("double", 0);
  static final SourceType INT = new SourceType("int", 0);

  boolean isDouble() {
    return depth == 0 && name.equals("double");
  }

  SourceType deeper(int by) {
    return new SourceType(name, Math.max(0, depth + by));
  }
}
