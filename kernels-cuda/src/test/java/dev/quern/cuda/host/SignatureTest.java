package dev.quern.cuda.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.cuda.CudaTesting;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SignatureTest {
  /** Reads an entry with that structure. */
  static Signature signature(String kernel, String fields) {
    String source =
        "typedef struct {%s} Args;%n%nQUERN_KERNEL(%s, Args) {}".formatted(fields, kernel);
    return Objects.requireNonNull(Signature.read(source).get(kernel));
  }

  @Test
  void laysFieldsOutAsCDoes() {
    Signature found =
        signature(
            "mixed",
            """

              const float *x;  // a pointer; whatever it points to
              unsigned char a;
              int b;
              unsigned char c;
              const Record *record;
              float factor;
              unsigned int seed;
              long long n;
              unsigned char last;
            """);
    assertEquals(
        List.of(
            new Signature.Field("x", Signature.Type.POINTER, 0),
            new Signature.Field("a", Signature.Type.U8, 8),
            new Signature.Field("b", Signature.Type.INT32, 12),
            new Signature.Field("c", Signature.Type.U8, 16),
            new Signature.Field("record", Signature.Type.POINTER, 24),
            new Signature.Field("factor", Signature.Type.F32, 32),
            new Signature.Field("seed", Signature.Type.INT32, 36),
            new Signature.Field("n", Signature.Type.INT64, 40),
            new Signature.Field("last", Signature.Type.U8, 48)),
        found.fields());
    assertEquals(56, found.byteSize());
    assertEquals(1, signature("small", "unsigned char value;").byteSize());
  }

  @Test
  void namesEntryAndFieldThatAreWrong() {
    assertEquals(
        "Argument half of kernel wrong is a const double, which no argument can be.",
        CudaTesting.failure(
            IllegalStateException.class, () -> signature("wrong", "int a; const double half;")));
    assertEquals(
        "Kernel alone has no structure Missing.",
        CudaTesting.failure(
            IllegalStateException.class, () -> Signature.read("QUERN_KERNEL(alone, Missing) {}")));
  }
}
