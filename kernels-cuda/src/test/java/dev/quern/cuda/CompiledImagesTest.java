package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.cuda.host.Driver;
import dev.quern.cuda.host.Nvrtc;
import dev.quern.gpu.host.OwnedResources;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.gpu.program.KernelSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the compiler made is kept, and nothing else is taken for it. */
class CompiledImagesTest {
  private static final String FAMILY = "calibration";
  private static final byte[] OTHER = {1, 2, 3};

  private Path folder;
  private BinaryCache cache;
  private Nvrtc nvrtc;

  @BeforeEach
  void findTheCompilerOfTheEmulatedDevice(@TempDir Path parent) {
    EmulatedDriver.require();
    nvrtc = NvrtcTest.emulated();
    folder = parent.resolve("cache");
    cache = new BinaryCache(folder);
  }

  @AfterEach
  void forgetTheName() {
    System.clearProperty("quern.nvrtc");
  }

  @Test
  void keepsWhatItCompiles() {
    byte[] image = images("sm_90").image(FAMILY);
    assertArrayEquals(image, cache.load(key("sm_90")));
    cache.store(key("sm_90"), OTHER);
    assertArrayEquals(OTHER, images("sm_90").image(FAMILY));
    // another architecture has an image of its own
    assertTrue(text(images("sm_80").image(FAMILY)).contains("--gpu-architecture=sm_80"));
  }

  @Test
  void compilesAnewWhatIsCorrupt() throws IOException {
    byte[] image = images("sm_90").image(FAMILY);
    Path file = folder.resolve(key("sm_90"));
    byte[] content = Files.readAllBytes(file);
    content[content.length - 1] ^= 1;
    Files.write(file, content);
    assertArrayEquals(image, images("sm_90").image(FAMILY));
    assertArrayEquals(image, cache.load(key("sm_90")));
  }

  @Test
  void compilesAnewWhatTheDriverRefuses() {
    cache.store(key("sm_90"), OTHER);
    EmulatedDriver.fail("cuModuleLoadData", EmulatedDriver.INVALID_IMAGE);
    assertEquals("fma_chains", kernelName(images("sm_90")));
    assertTrue(text(cache.load(key("sm_90"))).contains("--gpu-architecture=sm_90"));
  }

  /** Compiling the same again would not help. */
  @Test
  void passesOnThatTheDriverRefusesWhatIsNew() {
    EmulatedDriver.fail("cuModuleLoadData", EmulatedDriver.INVALID_IMAGE);
    String message = CudaTesting.failure(DeviceException.class, () -> kernelName(images("sm_90")));
    assertTrue(message.contains("CUDA_ERROR_INVALID_IMAGE"), message);
    assertNull(images("sm_80").anew(FAMILY));
  }

  @Test
  void namesImagesByAllTheyDependOn() {
    var source = new KernelSource("a.cu", "text", Map.of("b.inc", "formula"));
    CompiledImages images = images("sm_90");
    String key = images.key(source);
    assertEquals(key, images.key(source));
    assertNotEquals(key, images("sm_80").key(source));
    assertNotEquals(key, images.key(new KernelSource("a.cu", "other", source.headers())));
    assertNotEquals(key, images.key(new KernelSource("a.cu", "text", Map.of("b.inc", "another"))));
  }

  private CompiledImages images(String architecture) {
    return new CompiledImages(nvrtc, architecture, cache);
  }

  private String key(String architecture) {
    return images(architecture).key(KernelImages.source(FAMILY));
  }

  /** Loads the family and returns the name of its first kernel. */
  private static String kernelName(KernelImages images) {
    try (var owned = new OwnedResources()) {
      var host = new CudaHost(owned, Driver.discover().devices().getFirst(), images);
      String first = FamilyModule.signatures(FAMILY).keySet().iterator().next();
      var _ = owned.own(host.program(FAMILY)).kernel(first);
      return first;
    }
  }

  private static String text(byte @Nullable [] image) {
    return image == null ? "" : new String(image, StandardCharsets.UTF_8);
  }
}
