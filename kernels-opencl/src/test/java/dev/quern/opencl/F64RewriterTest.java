package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class F64RewriterTest {
  private static final String ONE = "quern_f64_bits(0x3ff0000000000000UL)";

  /** In a function with these variables; 1.0 is written ONE. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          d + i           | quern_f64_add(d, quern_f64_of(i))
          f * f           | f * f
          i - -d * 1.0    | quern_f64_sub(quern_f64_of(i), quern_f64_mul(quern_f64_neg(d), ONE))
          (d + 1.0) / d   | quern_f64_div((quern_f64_add(d, ONE)), d)
          (float)(d)      | quern_f64_to_float((d))
          (long)d         | (long)quern_f64_to_long(d)
          (double)f       | quern_f64_of(f)
          (double)d       | d
          d < 1.0 && i    | quern_f64_lt(d, ONE) && i
          i ? d : 1.0     | i ? d : ONE
          i ? 2 : d       | i ? quern_f64_of(2) : d
          d += i          | d = quern_f64_add(d, quern_f64_of(i))
          f = d           | f = quern_f64_to_float(d)
          f *= d          | f = quern_f64_to_float(quern_f64_mul(quern_f64_of(f), d))
          i += 2          | i += 2
          a[i] * *a       | quern_f64_mul(a[i], *a)
          a + i           | a + i
          &d              | &d
          s.d + s.f       | quern_f64_add(s.d, quern_f64_of(s.f))
          p->d == p->f    | quern_f64_eq(p->d, quern_f64_of(p->f))
          log(d) + log(f) | quern_f64_add(quern_f64_log(d), quern_f64_of(log(f)))
          twice(f)        | twice(quern_f64_of(f))
          isfinite(d)     | quern_f64_isfinite(d)
          HALF * d        | quern_f64_mul(quern_f64_bits(0x3fe0000000000000UL), d)
          sizeof(double)  | sizeof(quern_f64)
          (__global const double *)(g + 8) | (__global const quern_f64 *)(g + 8)
          """)
  void rewritesExpressions(String expression, String expected) {
    String body = body(expression + ";");
    assertEquals(expected.replace("ONE", ONE) + ";", body);
  }

  @Test
  void rewritesStatements() {
    assertEquals(
        "quern_f64 b[2] = {quern_f64_bits(0x0UL)}, *c = a;", body("double b[2] = {0.0}, *c = a;"));
    assertEquals("S t = {d, f};", body("S t = {d, (float)f};").replace("(float )", ""));
    assertEquals(
        "for (int j = 0; quern_f64_lt(d, quern_f64_of(j)); j++) {\nbreak;\n}",
        body("for (int j = 0; d < j; j++) { break; }"));
    assertEquals("if (i) d = " + ONE + ";\nelse i++;", body("if (i) d = 1.0; else i++;"));
    assertEquals("return quern_f64_of(i);", body("return i; // in double"));
    assertEquals("#pragma unroll\nwhile (i) i--;", body("\n#pragma unroll\nwhile (i) i--;"));
  }

  @Test
  void readsLongMacros() {
    String macro = "#define LONG" + " \\\n  i++;".repeat(10_000);
    assertTrue(
        body("\n" + macro + "\nd += 1.0;").contains(macro + "\nd = quern_f64_add(d, " + ONE));
  }

  @Test
  void refusesWhatItCannotRewrite() {
    String message = refusal("a[i++] += d;");
    assertEquals("a[i++] would be counted twice.", message);
    message = refusal("i = i % d;");
    assertEquals("i % d: no such operation on doubles.", message);
    message = refusal("if (d;");
    assertTrue(message.startsWith("')' is expected after "), message);
    message = refusal("\n#define TWICE(x) (2.0 * (x))\n;");
    assertEquals("'2.0' is left in the rewritten source.", message);
  }

  private static String refusal(String statement) {
    return OpenClTesting.failure(IllegalArgumentException.class, () -> body(statement));
  }

  private static String body(String statement) {
    String rewritten =
        F64Rewriter.rewrite(
            """
            #define HALF 0.5
            typedef struct { double d; float f; } S;
            double twice(double x);
            double all(
                double d, float f, int i, S s, S *p, double *a, __global const uchar *g) {
              %s
            }
            """
                .formatted(statement));
    String start = "__global const uchar *g) {\n";
    return rewritten
        .substring(rewritten.indexOf(start) + start.length(), rewritten.lastIndexOf('}'))
        .strip();
  }
}
