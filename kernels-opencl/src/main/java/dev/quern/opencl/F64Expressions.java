package dev.quern.opencl;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * The expressions of a source, in which operations on doubles become calls; {@link F64Rewriter}
 * tells what is declared.
 */
final class F64Expressions {
  private static final Set<String> QUALIFIERS =
      Set.of(
          "const",
          "volatile",
          "restrict",
          "static",
          "inline",
          "unsigned",
          "signed",
          "struct",
          "__global",
          "__local",
          "__constant",
          "__private",
          "__kernel",
          "QUERN_GLOBAL",
          "QUERN_INLINE",
          "QUERN_KERNEL",
          "QUERN_OVERLOADED");

  private static final Pattern BUILTIN_TYPE =
      Pattern.compile(
          "void|bool|size_t|double|QUERN_LONG|(?:u?(?:char|short|int|long)|half|float)(?:2|3|4|8|16)?");

  /** What f64_math.cl and f64.cl have under these names, with a prefix. */
  private static final Set<String> FUNCTIONS =
      Set.of("log", "log1p", "exp", "expm1", "pow", "sqrt", "fabs", "fma");

  private static final Set<String> PREDICATES = Set.of("isnan", "isinf", "isfinite");

  private static final List<Map<String, String>> BINARY =
      List.of(
          Map.of("||", ""),
          Map.of("&&", ""),
          Map.of("|", ""),
          Map.of("^", ""),
          Map.of("&", ""),
          Map.of("==", "eq", "!=", "ne"),
          Map.of("<", "lt", "<=", "le", ">", "gt", ">=", "ge"),
          Map.of("<<", "", ">>", ""),
          Map.of("+", "add", "-", "sub"),
          Map.of("*", "mul", "/", "div", "%", ""));

  private static final Set<String> COMPARISONS = Set.of("eq", "ne", "lt", "le", "gt", "ge");

  /** What is written, and its type. */
  record Expression(String text, SourceType type) {
    boolean isDouble() {
      return type.isDouble();
    }
  }

  /** What a function returns and takes. */
  record Function(SourceType result, List<SourceType> parameters) {
    static final Function UNKNOWN = new Function(SourceType.UNKNOWN, List.of());
  }

  /** The members of each structure, in order. */
  final Map<String, Map<String, SourceType>> structures = new HashMap<>();

  final Map<String, Function> functions = new HashMap<>();

  /** Macros that stand for a number. */
  final Map<String, String> literals = new HashMap<>();

  /** The variables that can be seen, those of the innermost block last. */
  final List<Map<String, SourceType>> scopes = new ArrayList<>(List.of(new HashMap<>()));

  private final SourceTokens tokens;
  private String lastType = "";

  F64Expressions(SourceTokens tokens) {
    this.tokens = tokens;
  }

  /** Returns the type that specifiers read last. */
  SourceType lastType() {
    return new SourceType(lastType, 0);
  }

  /** Takes qualifiers and a type's name. */
  String specifiers() {
    var text = new StringBuilder();
    lastType = "";
    while (isSpecifier(tokens.peek())) {
      String token = tokens.take();
      if (token.equals("__attribute__")) {
        text.append(token).append(balanced());
        continue;
      }
      if (token.equals("quern_f64")) {
        token = "double";
      }
      if (!QUALIFIERS.contains(token) || (token.equals("unsigned") && lastType.isEmpty())) {
        lastType = token.equals("unsigned") ? "uint" : token;
      }
      text.append(token.equals("double") ? "quern_f64" : token).append(' ');
    }
    return text.toString();
  }

  boolean isSpecifier(String token) {
    return QUALIFIERS.contains(token)
        || token.equals("__attribute__")
        || token.equals("quern_f64")
        || structures.containsKey(token)
        || BUILTIN_TYPE.matcher(token).matches();
  }

  /** Takes what stands in parentheses, as it is. */
  String balanced() {
    var text = new StringBuilder();
    int depth = 0;
    do {
      String token = tokens.take();
      depth += token.equals("(") ? 1 : token.equals(")") ? -1 : 0;
      text.append(token);
    } while (depth > 0);
    return text.append(' ').toString();
  }

  /** Takes the stars before a name. */
  int stars() {
    int stars = 0;
    while (tokens.peek().equals("*") || QUALIFIERS.contains(tokens.peek())) {
      stars += tokens.take().equals("*") ? 1 : 0;
    }
    return stars;
  }

  /** Writes the dimensions of an array; returns how many there are. */
  int dimensions(StringBuilder text) {
    int depth = 0;
    while (tokens.takeIf("[")) {
      text.append('[').append(tokens.peek().equals("]") ? "" : expression().text).append(']');
      tokens.take("]");
      depth++;
    }
    return depth;
  }

  /** Takes what a variable starts with. */
  String initializer(SourceType type) {
    if (!tokens.takeIf("{")) {
      return converted(assignment(), type);
    }
    var text = new StringJoiner(", ", "{", "}");
    var members = List.copyOf(structures.getOrDefault(type.name(), Map.of()).values());
    for (int i = 0; !tokens.takeIf("}"); i++) {
      SourceType member = i < members.size() ? members.get(i) : SourceType.UNKNOWN;
      text.add(initializer(type.depth() > 0 ? type.deeper(-1) : member));
      tokens.takeIf(",");
    }
    return text.toString();
  }

  Expression expression() {
    Expression first = assignment();
    while (tokens.takeIf(",")) {
      Expression second = assignment();
      first = new Expression(first.text + ", " + second.text, second.type);
    }
    return first;
  }

  private Expression assignment() {
    Expression target = conditional();
    String sign = tokens.peek();
    if (sign.equals("=")) {
      tokens.take();
      return new Expression(
          target.text + " = " + converted(assignment(), target.type), target.type);
    }
    if (!sign.matches("(?:[-+*/%&|^]|<<|>>)=")) {
      return target;
    }
    tokens.take();
    Expression value = assignment();
    if (!target.isDouble() && !value.isDouble()) {
      return new Expression(target.text + " " + sign + " " + value.text, target.type);
    }
    if (target.text.contains("++") || target.text.contains("--")) {
      throw new IllegalArgumentException(target.text + " would be counted twice.");
    }
    Expression changed = binary(target, sign.substring(0, sign.length() - 1), value);
    return new Expression(target.text + " = " + converted(changed, target.type), target.type);
  }

  private Expression conditional() {
    Expression condition = binary(0);
    if (!tokens.takeIf("?")) {
      return condition;
    }
    Expression yes = expression();
    tokens.take(":");
    Expression no = conditional();
    SourceType type = yes.isDouble() || no.isDouble() ? SourceType.DOUBLE : yes.type;
    return new Expression(
        condition.text + " ? " + converted(yes, type) + " : " + converted(no, type), type);
  }

  private Expression binary(int level) {
    if (level == BINARY.size()) {
      return unary();
    }
    Expression left = binary(level + 1);
    while (BINARY.get(level).containsKey(tokens.peek())) {
      String sign = tokens.take();
      left = binary(left, sign, binary(level + 1));
    }
    return left;
  }

  private static Expression binary(Expression left, String sign, Expression right) {
    if (!left.isDouble() && !right.isDouble()) {
      SourceType type = left.type.depth() > 0 || right.type.depth() == 0 ? left.type : right.type;
      return new Expression(left.text + " " + sign + " " + right.text, type);
    }
    String name =
        BINARY.stream()
            .map(level -> level.getOrDefault(sign, ""))
            .reduce("", (a, b) -> a.isEmpty() ? b : a);
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          "%s %s %s: no such operation on doubles.".formatted(left.text, sign, right.text));
    }
    return new Expression(
        "quern_f64_%s(%s, %s)"
            .formatted(
                name, converted(left, SourceType.DOUBLE), converted(right, SourceType.DOUBLE)),
        COMPARISONS.contains(name) ? SourceType.INT : SourceType.DOUBLE);
  }

  private Expression unary() {
    String sign = tokens.peek();
    if (sign.equals("(") && isSpecifier(tokens.peek(1))) {
      return cast();
    }
    if (!Set.of("-", "+", "!", "~", "*", "&", "++", "--").contains(sign)) {
      return postfix();
    }
    tokens.take();
    Expression operand = unary();
    return switch (sign) {
      case "-" ->
          operand.isDouble()
              ? new Expression("quern_f64_neg(" + operand.text + ")", SourceType.DOUBLE)
              : new Expression("-" + operand.text, operand.type);
      case "*" -> new Expression("*" + operand.text, operand.type.deeper(-1));
      case "&" -> new Expression("&" + operand.text, operand.type.deeper(1));
      case "!" -> new Expression("!" + operand.text, SourceType.INT);
      default -> new Expression(sign + operand.text, operand.type);
    };
  }

  private Expression cast() {
    tokens.take("(");
    String specifiers = specifiers();
    SourceType base = new SourceType(lastType, 0);
    int stars = stars();
    tokens.take(")");
    SourceType type = base.deeper(stars);
    if (tokens.peek().equals("{")) {
      return new Expression("(" + specifiers + ")" + initializer(type), type);
    }
    Expression operand = unary();
    if (type.isDouble() || operand.isDouble()) {
      return new Expression(converted(operand, type), type);
    }
    return new Expression("(" + specifiers + "*".repeat(stars) + ")" + operand.text, type);
  }

  private Expression postfix() {
    Expression expression = primary();
    while (true) {
      if (tokens.takeIf("[")) {
        String index = expression().text;
        tokens.take("]");
        expression =
            new Expression(expression.text + "[" + index + "]", expression.type.deeper(-1));
      } else if (tokens.peek().equals(".") || tokens.peek().equals("->")) {
        String sign = tokens.take();
        String member = tokens.take();
        SourceType type =
            structures
                .getOrDefault(expression.type.name(), Map.of())
                .getOrDefault(member, SourceType.UNKNOWN);
        expression = new Expression(expression.text + sign + member, type);
      } else if (tokens.peek().equals("++") || tokens.peek().equals("--")) {
        expression = new Expression(expression.text + tokens.take(), expression.type);
      } else {
        return expression;
      }
    }
  }

  private Expression primary() {
    if (tokens.takeIf("(")) {
      Expression inner = expression();
      tokens.take(")");
      return new Expression("(" + inner.text + ")", inner.type);
    }
    String token = tokens.take();
    if (SourceTokens.isDoubleLiteral(token)) {
      return literal(token);
    }
    if (!SourceTokens.isWord(token)) {
      return new Expression(
          token, token.endsWith("f") ? new SourceType("float", 0) : SourceType.INT);
    }
    if (tokens.takeIf("(")) {
      return call(token);
    }
    if (token.equals("double")) {
      return new Expression("quern_f64", SourceType.UNKNOWN); // sizeof(double)
    }
    String value = literals.get(token);
    return value == null ? new Expression(token, variable(token)) : literal(value);
  }

  private static Expression literal(String text) {
    long bits = Double.doubleToRawLongBits(Double.parseDouble(text));
    return new Expression("quern_f64_bits(0x%xUL)".formatted(bits), SourceType.DOUBLE);
  }

  private SourceType variable(String name) {
    for (Map<String, SourceType> scope : scopes.reversed()) {
      SourceType type = scope.get(name);
      if (type != null) {
        return type;
      }
    }
    return SourceType.UNKNOWN;
  }

  private Expression call(String name) {
    var arguments = new ArrayList<Expression>();
    while (!tokens.takeIf(")")) {
      arguments.add(assignment());
      tokens.takeIf(",");
    }
    boolean doubles = arguments.stream().anyMatch(Expression::isDouble);
    Function function = functions.getOrDefault(name, doubles ? builtin(name) : Function.UNKNOWN);
    boolean replaced = !functions.containsKey(name) && !function.parameters.isEmpty();
    var text = new StringJoiner(", ", (replaced ? "quern_f64_" : "") + name + "(", ")");
    for (int i = 0; i < arguments.size(); i++) {
      boolean known = i < function.parameters.size();
      text.add(
          converted(arguments.get(i), known ? function.parameters.get(i) : SourceType.UNKNOWN));
    }
    return new Expression(text.toString(), function.result);
  }

  private static Function builtin(String name) {
    if (FUNCTIONS.contains(name)) {
      return new Function(SourceType.DOUBLE, Collections.nCopies(3, SourceType.DOUBLE));
    }
    return PREDICATES.contains(name)
        ? new Function(SourceType.INT, List.of(SourceType.DOUBLE))
        : Function.UNKNOWN;
  }

  /** Converts to a double or from one, where C would. */
  static String converted(Expression expression, SourceType type) {
    if (type.isDouble() == expression.isDouble()
        || type.equals(SourceType.UNKNOWN)
        || type.depth() > 0) {
      return expression.text;
    }
    if (type.isDouble()) {
      return "quern_f64_of(" + expression.text + ")";
    }
    return type.name().equals("float")
        ? "quern_f64_to_float(" + expression.text + ")"
        : "(" + type.name() + ")quern_f64_to_long(" + expression.text + ")";
  }
}
