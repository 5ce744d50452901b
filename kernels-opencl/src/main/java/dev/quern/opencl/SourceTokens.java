package dev.quern.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words of a source in OpenCL C, one after another, without its comments. */
final class SourceTokens {
  private static final Pattern TOKEN =
      Pattern.compile(
          """
          (?mx)
          (?<directive> ^[\\x20\\t]*\\#(?:[^\\\\\\n]++|\\\\\\n|\\\\)*+ )
          | (?<skip> [\\x20\\t\\r]+ | \\n | //.* | /\\*(?s:.*?)\\*/ )
          | (?<word> [A-Za-z_]\\w* )
          | (?<number> 0[xX][0-9a-fA-F.]+(?:[pP][-+]?\\d+)?[fuUlL]* | (?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?[fFuUlL]* )
          | (?<sign> <<= | >>= | -> | \\+\\+ | -- | << | >> | <= | >= | == | != | && | \\|\\|
                   | [-+*/%&|^]= | . )
          """);

  /** A number of type double. */
  static final Pattern DOUBLE_LITERAL =
      Pattern.compile(
          "(?:(?:\\d+\\.\\d*|\\.\\d+|\\d+(?=[eE]))(?:[eE][-+]?\\d+)?|0[xX][\\w.]+[pP][-+]?\\d+)");

  private final List<String> tokens = new ArrayList<>();
  private int next;

  SourceTokens(String source) {
    Matcher matcher = TOKEN.matcher(source);
    while (matcher.find()) {
      if (matcher.group("skip") == null) {
        tokens.add(matcher.group().strip());
      }
    }
    tokens.add("");
  }

  /** Tells whether a token is a literal of type double. */
  static boolean isDoubleLiteral(String token) {
    return DOUBLE_LITERAL.matcher(token).matches();
  }

  static boolean isDirective(String token) {
    return token.startsWith("#");
  }

  static boolean isWord(String token) {
    return !token.isEmpty() && Character.isJavaIdentifierStart(token.charAt(0));
  }

  boolean isAtEnd() {
    return next == tokens.size() - 1;
  }

  /** Returns the next token without taking it; empty at the end. */
  String peek() {
    return peek(0);
  }

  String peek(int ahead) {
    return tokens.get(Math.min(next + ahead, tokens.size() - 1));
  }

  String take() {
    String token = peek();
    if (isAtEnd()) {
      throw new IllegalArgumentException("The source ends where more is expected.");
    }
    next++;
    return token;
  }

  /** Takes the next token if it is this one. */
  boolean takeIf(String token) {
    boolean found = peek().equals(token) && !isAtEnd();
    if (found) {
      next++;
    }
    return found;
  }

  /** Takes the next token, which has to be this one. */
  void take(String token) {
    if (!takeIf(token)) {
      int from = Math.max(0, next - 12);
      throw new IllegalArgumentException(
          "'%s' is expected after '%s' and '%s' stands there."
              .formatted(token, String.join(" ", tokens.subList(from, next)), peek()));
    }
  }
}
