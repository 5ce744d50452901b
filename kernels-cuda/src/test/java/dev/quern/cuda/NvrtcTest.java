package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quern.DeviceException;
import dev.quern.cuda.host.Driver;
import dev.quern.cuda.host.Nvrtc;
import dev.quern.cuda.host.Version;
import dev.quern.gpu.GpuBackend;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.gpu.program.KernelSource;
import dev.quern.reference.FloatMath;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.UnaryOp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The real compiler where the machine has it, and the one that belongs to the emulated device. */
class NvrtcTest {
  static final List<String> FAMILIES = KernelSources.FAMILIES;

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  @AfterEach
  void forgetTheName() {
    System.clearProperty("quern.nvrtc");
  }

  @ParameterizedTest
  @FieldSource("FAMILIES")
  void compilesEveryFamilyToPtxAndMachineCode(String family) {
    Nvrtc nvrtc = real();
    String ptx = text(compile(nvrtc, family, "compute_75"));
    for (String kernel : KernelSources.cuda(family).keySet()) {
      assertTrue(ptx.contains(".entry " + kernel + "("), kernel);
    }
    for (String inexact :
        List.of("div.full.f32", "div.approx.f32", "sqrt.approx.f32", ".ftz.f32")) {
      assertFalse(ptx.contains(inexact), inexact);
    }
    byte[] code = compile(nvrtc, family, "sm_" + nvrtc.architectures().getLast());
    assertArrayEquals(new byte[] {0x7f, 'E', 'L', 'F'}, Arrays.copyOf(code, 4));
  }

  @Test
  void showsTheCompilersLog() {
    Nvrtc nvrtc = real();
    String message =
        CudaTesting.failure(
            DeviceException.class,
            () -> nvrtc.compile("a.cu", "\nnonsense;", Map.of(), "compute_75", List.of()));
    assertTrue(
        message.startsWith("NVRTC " + nvrtc.version() + " cannot compile a.cu for compute_75"),
        message);
    assertTrue(message.contains("NVRTC_ERROR_COMPILATION"), message);
    assertTrue(message.contains("a.cu(2): error"), message);
  }

  @Test
  void saysWhatToDoWhereThereIsNone() {
    System.setProperty("quern.nvrtc", "/no/such/library.so");
    assertEquals(
        "NVRTC, to compile the kernels on this machine, is not there: -Dquern.nvrtc names"
            + " /no/such/library.so, which is no such library.",
        Nvrtc.discover().reason());
    // a library, and of something else
    System.setProperty("quern.nvrtc", "libc.so.6");
    assertEquals(List.of(), Nvrtc.discover().compilers());
  }

  @Test
  void passesSourceHeadersAndOptions() {
    Nvrtc nvrtc = emulated();
    assertEquals(new Version(12, 8), nvrtc.version());
    assertEquals(List.of(50, 70, 75, 80, 90), nvrtc.architectures());
    String compiled = text(compile(nvrtc, "segmentation", "compute_75"));
    assertEquals(
        """
        // --std=c++17
        // --fmad=false
        // --gpu-architecture=compute_75
        """
            + KernelSources.cudaSource("segmentation.cu")
            + "\0",
        compiled);
    String message =
        CudaTesting.failure(
            DeviceException.class,
            () -> nvrtc.compile("b.cu", "#error no", Map.of(), "sm_80", List.of()));
    assertEquals(
        "NVRTC 12.8 cannot compile b.cu for sm_80 (NVRTC_ERROR_COMPILATION): use another version"
            + " of it.\n#error directive",
        message);
  }

  /** From the source in the jar to a result, with nothing of the build's images. */
  @Test
  void anEngineRunsOnWhatItMakes(@TempDir Path folder) {
    Nvrtc nvrtc = emulated();
    Backend any = CudaTesting.open();
    var info = any.device();
    any.close();
    try (Backend backend =
        new GpuBackend(
            info,
            owned ->
                new CudaHost(
                    owned,
                    Driver.discover().devices().getFirst(),
                    new CompiledImages(nvrtc, "sm_90", new BinaryCache(folder))))) {
      float[] x = {-3, 0, 0.5f, 100};
      Span operand = CudaTesting.upload(backend, x);
      backend.kernels().pointwise().unary(UnaryOp.SIGMOID, operand, operand);
      float[] found = CudaTesting.download(backend, operand);
      for (int i = 0; i < x.length; i++) {
        assertEquals(FloatMath.sigmoid(x[i]), found[i]);
      }
    }
  }

  private static byte[] compile(Nvrtc nvrtc, String family, String architecture) {
    KernelSource source = KernelImages.source(family);
    return nvrtc.compile(
        source.name(), source.text(), source.headers(), architecture, KernelImages.OPTIONS);
  }

  private static Nvrtc real() {
    Nvrtc.Discovery found = Nvrtc.discover();
    if (found.compilers().isEmpty()) {
      String required = System.getenv().getOrDefault("QUERN_REQUIRE", "");
      if (List.of(required.split(",", -1)).contains("nvrtc")) {
        fail(found.reason());
      }
      if (!WARNED.getAndSet(true)) {
        System.err.println("NvrtcTest: the sources are not compiled by NVRTC. " + found.reason());
      }
      Assumptions.abort(found.reason());
    }
    return found.compilers().getFirst();
  }

  static Nvrtc emulated() {
    System.setProperty("quern.nvrtc", "libemulated-nvrtc.so");
    Nvrtc.Discovery found = Nvrtc.discover();
    Assumptions.assumeFalse(found.compilers().isEmpty(), "Not beside the emulated device.");
    return found.compilers().getFirst();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
