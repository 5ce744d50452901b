package dev.quern.opencl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites a source for devices without fp64: every {@code double} becomes a {@code quern_f64}, and
 * every operation on one a call of {@code f64.cl} or {@code f64_math.cl}, which have to lie before
 * it in the source. So kernels and formulas are written once, with numbers that C knows.
 *
 * <p>It reads what the kernels are written in: C without function-like macros that hold doubles,
 * without {@code ++} inside an assignment to a double, with the conditions of statements comparing
 * doubles explicitly. Whatever it does not recognise stays as it is, and then does not compile,
 * since a {@code quern_f64} is a structure.
 */
final class F64Rewriter {
  private static final Pattern LITERAL_MACRO =
      Pattern.compile("#define\\s+(\\w+)\\s+(" + SourceTokens.DOUBLE_LITERAL + ")");

  private final SourceTokens tokens;
  private final F64Expressions expressions;
  private final StringBuilder out = new StringBuilder();
  private SourceType result = SourceType.UNKNOWN;

  private F64Rewriter(String source) {
    this.tokens = new SourceTokens(source);
    this.expressions = new F64Expressions(tokens);
  }

  /**
   * Rewrites a source.
   *
   * @param source with {@code f64.cl} and {@code f64_math.cl} before what uses doubles
   * @return the source without doubles
   * @throws IllegalArgumentException if it is not C as far as this class knows it
   */
  static String rewrite(String source) {
    var rewriter = new F64Rewriter(source);
    while (!rewriter.tokens.isAtEnd()) {
      rewriter.declaration();
    }
    String rewritten = rewriter.out.toString();
    checkFree(rewritten);
    return rewritten;
  }

  private static void checkFree(String rewritten) {
    for (var tokens = new SourceTokens(rewritten); !tokens.isAtEnd(); ) {
      String token = tokens.take();
      if (token.equals("double") || SourceTokens.isDoubleLiteral(token)) {
        throw new IllegalArgumentException("'" + token + "' is left in the rewritten source.");
      }
    }
  }

  // Declarations.

  private void declaration() {
    if (SourceTokens.isDirective(tokens.peek())) {
      directive();
    } else if (tokens.peek().equals("typedef") && tokens.peek(1).equals("struct")) {
      structure();
    } else {
      String specifiers = expressions.specifiers();
      SourceType type = expressions.lastType();
      int stars = expressions.stars();
      String name = tokens.take();
      if (specifiers.isEmpty() && tokens.peek().equals("(")) {
        // a macro that stands for a function
        out.append(name).append(expressions.balanced()).append('\n');
      } else if (tokens.peek().equals("(")) {
        function(specifiers + "*".repeat(stars) + name, name, type.deeper(stars));
      } else {
        out.append(specifiers).append("*".repeat(stars));
        declarators(type, stars, name);
        out.append(";\n");
        tokens.take(";");
      }
    }
  }

  private void directive() {
    String text = tokens.take();
    Matcher macro = LITERAL_MACRO.matcher(text);
    if (macro.matches()) {
      expressions.literals.put(macro.group(1), macro.group(2));
    } else if (text.startsWith("#define")) {
      checkFree(text.substring(1));
    }
    out.append('\n').append(text).append('\n');
  }

  private void structure() {
    tokens.take("typedef");
    tokens.take("struct");
    out.append("typedef struct {\n");
    tokens.take("{");
    Map<String, SourceType> members = new LinkedHashMap<>();
    expressions.scopes.add(members);
    while (!tokens.takeIf("}")) {
      out.append(expressions.specifiers());
      SourceType type = expressions.lastType();
      int stars = expressions.stars();
      out.append("*".repeat(stars));
      declarators(type, stars, tokens.take());
      tokens.take(";");
      out.append(";\n");
    }
    expressions.scopes.removeLast();
    String name = tokens.take();
    tokens.take(";");
    expressions.structures.put(name, members);
    out.append("} ").append(name).append(";\n");
  }

  private void function(String head, String name, SourceType type) {
    tokens.take("(");
    var parameters = new ArrayList<SourceType>();
    Map<String, SourceType> scope = new HashMap<>();
    var text = new StringJoiner(", ", "(", ")");
    while (!tokens.takeIf(")")) {
      String specifiers = expressions.specifiers();
      SourceType base = expressions.lastType();
      int stars = expressions.stars();
      String parameter = SourceTokens.isWord(tokens.peek()) ? tokens.take() : "";
      var dimensions = new StringBuilder();
      int depth = stars + expressions.dimensions(dimensions);
      if (!base.name().equals("void") || depth > 0) {
        parameters.add(base.deeper(depth));
      }
      scope.put(parameter, base.deeper(depth));
      text.add(specifiers + "*".repeat(stars) + parameter + dimensions);
      tokens.takeIf(",");
    }
    expressions.functions.put(name, new F64Expressions.Function(type, parameters));
    out.append(head).append(text);
    if (tokens.takeIf(";")) {
      out.append(";\n");
      return;
    }
    out.append(' ');
    result = type;
    expressions.scopes.add(scope);
    statement();
    expressions.scopes.removeLast();
  }

  /** Writes a list of variables, of which the stars of the first were written. */
  private void declarators(SourceType base, int firstStars, String firstName) {
    int stars = firstStars;
    String name = firstName;
    while (true) {
      var dimensions = new StringBuilder();
      SourceType type = base.deeper(stars + expressions.dimensions(dimensions));
      expressions.scopes.getLast().put(name, type);
      out.append(name).append(dimensions);
      if (tokens.takeIf("=")) {
        out.append(" = ").append(expressions.initializer(type));
      }
      if (!tokens.takeIf(",")) {
        return;
      }
      stars = expressions.stars();
      name = tokens.take();
      out.append(", ").append("*".repeat(stars));
    }
  }

  // Statements.

  private void statement() {
    String token = tokens.peek();
    if (SourceTokens.isDirective(token)) {
      directive();
    } else if (tokens.takeIf("{")) {
      out.append("{\n");
      expressions.scopes.add(new HashMap<>());
      while (!tokens.takeIf("}")) {
        statement();
      }
      expressions.scopes.removeLast();
      out.append("}\n");
    } else if (token.equals("if") || token.equals("while") || token.equals("switch")) {
      tokens.take();
      tokens.take("(");
      out.append(token).append(" (").append(expressions.expression().text()).append(") ");
      tokens.take(")");
      statement();
    } else if (tokens.takeIf("for")) {
      loop();
    } else if (token.equals("else") || token.equals("do")) {
      out.append(tokens.take()).append(' ');
      statement();
    } else if (token.equals("case")) {
      tokens.take();
      out.append("case ").append(expressions.expression().text()).append(":\n");
      tokens.take(":");
    } else if (token.equals("default")) {
      tokens.take();
      tokens.take(":");
      out.append("default:\n");
    } else if (tokens.takeIf("return")) {
      out.append("return ");
      if (!tokens.peek().equals(";")) {
        out.append(F64Expressions.converted(expressions.expression(), result));
      }
      semicolon();
    } else if (token.equals("break") || token.equals("continue")) {
      out.append(tokens.take());
      semicolon();
    } else {
      simple();
      semicolon();
    }
  }

  private void semicolon() {
    tokens.take(";");
    out.append(";\n");
  }

  private void loop() {
    tokens.take("(");
    expressions.scopes.add(new HashMap<>());
    out.append("for (");
    simple();
    tokens.take(";");
    out.append("; ");
    out.append(tokens.peek().equals(";") ? "" : expressions.expression().text()).append("; ");
    tokens.take(";");
    out.append(tokens.peek().equals(")") ? "" : expressions.expression().text()).append(") ");
    tokens.take(")");
    statement();
    expressions.scopes.removeLast();
  }

  /** A declaration or an expression, or nothing. */
  private void simple() {
    if (expressions.isSpecifier(tokens.peek())) {
      out.append(expressions.specifiers());
      SourceType type = expressions.lastType();
      int stars = expressions.stars();
      out.append("*".repeat(stars));
      declarators(type, stars, tokens.take());
    } else if (!tokens.peek().equals(";")) {
      out.append(expressions.expression().text());
    }
  }
}
