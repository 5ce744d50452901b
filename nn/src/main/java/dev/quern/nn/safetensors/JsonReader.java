package dev.quern.nn.safetensors;

import static dev.quern.nn.safetensors.SafetensorsEntry.shown;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON by RFC 8259 and nothing beyond it. No key may stand twice in an object, no half of a
 * surrogate pair in a string, since UTF-8 has none, and nesting is bounded.
 */
final class JsonReader {

  private static final int DEEPEST = 100;

  private final String text;
  private int at;

  private JsonReader(String text) {
    this.text = text;
  }

  /**
   * Reads a text that is one value.
   *
   * @throws SafetensorsFormatException naming the first fault
   */
  static Json read(String text) throws SafetensorsFormatException {
    JsonReader reader = new JsonReader(text);
    Json value = reader.value(0);
    if (reader.peek() >= 0) {
      throw reader.unexpected("the end");
    }
    return value;
  }

  private Json value(int depth) throws SafetensorsFormatException {
    return switch (peek()) {
      case '{' -> members(inner(depth));
      case '[' -> items(inner(depth));
      case '"' -> new Json.Text(string());
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw unexpected("a value");
    };
  }

  private static int inner(int depth) throws SafetensorsFormatException {
    if (depth == DEEPEST) {
      throw new SafetensorsFormatException(
          "its header has a nesting depth of more than " + DEEPEST);
    }
    return depth + 1;
  }

  private Json members(int depth) throws SafetensorsFormatException {
    Map<String, Json> members = new LinkedHashMap<>();
    at++;
    if (taken('}')) {
      return new Json.Members(members);
    }
    do {
      if (peek() != '"') {
        throw unexpected("a key");
      }
      String key = string();
      if (members.containsKey(key)) {
        throw new SafetensorsFormatException(
            "its header has the key %s twice".formatted(shown(key)));
      }
      if (!taken(':')) {
        throw unexpected("a colon");
      }
      members.put(key, value(depth));
    } while (taken(','));
    if (!taken('}')) {
      throw unexpected("a comma or }");
    }
    return new Json.Members(members);
  }

  private Json items(int depth) throws SafetensorsFormatException {
    List<Json> items = new ArrayList<>();
    at++;
    if (taken(']')) {
      return new Json.Items(items);
    }
    do {
      items.add(value(depth));
    } while (taken(','));
    if (!taken(']')) {
      throw unexpected("a comma or ]");
    }
    return new Json.Items(items);
  }

  private Json word(String word) throws SafetensorsFormatException {
    if (!text.startsWith(word, at)) {
      throw unexpected("a value");
    }
    at += word.length();
    return new Json.Word(word);
  }

  private Json number() throws SafetensorsFormatException {
    int start = at;
    take('-');
    if (!take('0')) {
      digits();
    }
    if (take('.')) {
      digits();
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      digits();
    }
    return new Json.Word(text.substring(start, at));
  }

  private void digits() throws SafetensorsFormatException {
    int start = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("a digit");
    }
  }

  private String string() throws SafetensorsFormatException {
    StringBuilder string = new StringBuilder();
    at++;
    while (!take('"')) {
      if (at == text.length() || text.charAt(at) < ' ') {
        throw unexpected("the rest of a text");
      }
      if (take('\\')) {
        escape(string);
      } else {
        string.append(text.charAt(at++));
      }
    }
    return string.toString();
  }

  private void escape(StringBuilder string) throws SafetensorsFormatException {
    switch (at < text.length() ? text.charAt(at) : 0) {
      case '"', '\\', '/' -> string.append(text.charAt(at++));
      case 'b' -> string.append(after('\b'));
      case 'f' -> string.append(after('\f'));
      case 'n' -> string.append(after('\n'));
      case 'r' -> string.append(after('\r'));
      case 't' -> string.append(after('\t'));
      case 'u' -> {
        char first = hexadecimal();
        string.append(first);
        if (Character.isSurrogate(first)) {
          boolean pair =
              Character.isHighSurrogate(first)
                  && take('\\')
                  && at < text.length()
                  && text.charAt(at) == 'u';
          char second = pair ? hexadecimal() : 0;
          if (!Character.isLowSurrogate(second)) {
            throw new SafetensorsFormatException(
                "its header is not JSON: half of a surrogate pair stands alone before character "
                    + at);
          }
          string.append(second);
        }
      }
      default -> throw unexpected("an escape");
    }
  }

  private char after(char meant) {
    at++;
    return meant;
  }

  /** The four digits behind a u. */
  private char hexadecimal() throws SafetensorsFormatException {
    at++;
    int code = 0;
    for (int i = 0; i < 4; i++) {
      if (at == text.length() || !HexFormat.isHexDigit(text.charAt(at))) {
        throw unexpected("a hexadecimal digit");
      }
      code = code << 4 | HexFormat.fromHexDigit(text.charAt(at++));
    }
    return (char) code;
  }

  /** The character behind blanks, -1 at the end. */
  private int peek() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : -1;
  }

  /** Whether a character is the next behind blanks, which is passed then. */
  private boolean taken(char wanted) {
    return peek() == wanted && take(wanted);
  }

  /** Whether a character is the very next, which is passed then. */
  private boolean take(char wanted) {
    boolean found = at < text.length() && text.charAt(at) == wanted;
    if (found) {
      at++;
    }
    return found;
  }

  private SafetensorsFormatException unexpected(String wanted) {
    String found = at < text.length() ? "U+%04X".formatted(text.codePointAt(at)) : "the end";
    return new SafetensorsFormatException(
        "its header is not JSON: at character %d is %s in place of %s"
            .formatted(at, found, wanted));
  }
}
