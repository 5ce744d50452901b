package dev.quern.cuda.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.quern.DType;
import dev.quern.cuda.CudaTesting;
import dev.quern.spi.Span;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranges in a library that writes down what it is told. */
class NvtxTest {
  private static final String LIBRARY =
      """
      #include <string.h>
      char written[256];
      int depth;
      int nvtxRangePushA(const char *name) {
        strcat(strcat(written, name), "(");
        return depth++;
      }
      int nvtxRangePop(void) {
        strcat(written, ")");
        return --depth;
      }
      """;

  @TempDir Path folder;

  @AfterEach
  void forgetTheName() {
    System.clearProperty("quern.nvtx");
  }

  @Test
  void aRangeAroundEveryKernel() throws IOException, InterruptedException {
    Path file = library(LIBRARY);
    System.setProperty("quern.nvtx", file.toString());
    CudaTesting.open().close();
    Device device = Driver.discover().devices().getFirst();
    Signature fill =
        SignatureTest.signature("fill_u8", "unsigned char *out; long long n; unsigned char value;");
    Assumptions.assumeTrue(device.name().equals("emulated device"), "needs the emulated kernels");
    try (var context = new Context(device);
        var queue = new Queue(context);
        var module = new Module(context, "pointwise", new byte[8])) {
      Buffer buffer = context.allocate(100);
      for (int i = 0; i < 2; i++) {
        module
            .kernel(fill, queue, 256)
            .tensor(Span.of(buffer, DType.U8, 100))
            .scalar(100L)
            .scalar((byte) 1)
            .enqueue(1);
      }
      queue.finish();
      buffer.close();
    }
    SymbolLookup library = SymbolLookup.libraryLookup(file, Arena.global());
    MemorySegment written = library.findOrThrow("written").reinterpret(256);
    assertEquals("fill_u8()fill_u8()", written.getString(0));
    assertEquals(0, library.findOrThrow("depth").reinterpret(4).get(JAVA_INT, 0));
    assertEquals(0, written.get(JAVA_BYTE, 255));
  }

  @Test
  void offUnlessAskedForAndThere() throws IOException, InterruptedException {
    assertNull(Nvtx.asked());
    System.setProperty("quern.nvtx", "false");
    assertNull(Nvtx.asked());
    System.setProperty("quern.nvtx", folder.resolve("absent.so").toString());
    assertNull(Nvtx.asked());
    System.setProperty("quern.nvtx", library("int nvtxRangePop(void) { return 0; }").toString());
    assertNull(Nvtx.asked(), "half a library");
    System.setProperty("quern.nvtx", library(LIBRARY).toString());
    assertNotNull(Nvtx.asked());
  }

  private Path library(String source) throws IOException, InterruptedException {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "no gcc");
    Path code = Files.createTempFile(folder, "nvtx", ".c");
    Path file = Path.of(code + ".so");
    Files.writeString(code, source);
    Process gcc =
        new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", file.toString(), code.toString())
            .inheritIO()
            .start();
    assertEquals(0, gcc.waitFor());
    return file;
  }
}
