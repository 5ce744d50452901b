package dev.quern.cuda.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DeviceException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * CUDA's compiler as a library, where the machine has it. It is called through Java's foreign
 * functions, because its binding would want the library of one version of CUDA only.
 */
@SuppressWarnings("restricted")
public final class Nvrtc {
  /** Newest first: what the library of each version of CUDA is called. */
  private static final List<String> NAMES =
      List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2");

  private static final String TOOLKIT_FOLDER = "/usr/local/cuda/lib64/";

  private static final AddressLayout STRING =
      ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE));

  private final SymbolLookup library;
  private final Version version;
  private final List<Integer> architectures;

  private Nvrtc(SymbolLookup library) {
    this.library = library;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT);
      MemorySegment minor = arena.allocate(JAVA_INT);
      check("nvrtcVersion", major, minor);
      this.version = new Version(major.get(JAVA_INT, 0), minor.get(JAVA_INT, 0));
      MemorySegment count = arena.allocate(JAVA_INT);
      check("nvrtcGetNumSupportedArchs", count);
      MemorySegment all = arena.allocate(JAVA_INT, count.get(JAVA_INT, 0));
      check("nvrtcGetSupportedArchs", all);
      this.architectures =
          all.elements(JAVA_INT).map(element -> element.get(JAVA_INT, 0)).sorted().toList();
    }
  }

  /**
   * The compilers of this machine.
   *
   * @param compilers newest first
   * @param reason why there are none, with the remedy; empty if there are
   */
  public record Discovery(List<Nvrtc> compilers, String reason) {}

  /**
   * Looks for the library: the file that {@code -Dquern.nvrtc} names and no other, or by its usual
   * names where the system looks for libraries and in {@code /usr/local/cuda/lib64}. Never throws.
   *
   * @return the compilers that could be loaded
   */
  public static Discovery discover() {
    if (!Nvrtc.class.getModule().isNativeAccessEnabled()) {
      return none("add --enable-native-access=dev.quern.cuda to Java's options.");
    }
    String named = System.getProperty("quern.nvrtc", "");
    var found = new ArrayList<Nvrtc>();
    for (String name : named.isEmpty() ? NAMES : List.of(named)) {
      if (!add(name, found) && named.isEmpty()) {
        add(TOOLKIT_FOLDER + name, found);
      }
    }
    if (!found.isEmpty()) {
      return new Discovery(List.copyOf(found), "");
    }
    return none(
        named.isEmpty()
            ? "install the CUDA toolkit's NVRTC of the driver's version, or name its library by"
                + " -Dquern.nvrtc=FILE."
            : "-Dquern.nvrtc names " + named + ", which is no such library.");
  }

  private static Discovery none(String remedy) {
    return new Discovery(
        List.of(), "NVRTC, to compile the kernels on this machine, is not there: " + remedy);
  }

  private static boolean add(String name, List<Nvrtc> found) {
    try {
      return found.add(new Nvrtc(SymbolLookup.libraryLookup(name, Arena.global())));
    } catch (IllegalArgumentException | NoSuchElementException | DeviceException e) {
      System.getLogger(Nvrtc.class.getName())
          .log(System.Logger.Level.DEBUG, "No NVRTC in " + name + ".", e);
      return false;
    }
  }

  /**
   * Returns the version of CUDA it belongs to.
   *
   * @return its version
   */
  public Version version() {
    return version;
  }

  /**
   * Returns the compute capabilities it makes code for.
   *
   * @return ten times the major number plus the minor one, ascending
   */
  public List<Integer> architectures() {
    return architectures;
  }

  /**
   * Compiles a source.
   *
   * @param name what the message of a failure calls it
   * @param source its text
   * @param headers the texts of what it includes, by name
   * @param architecture {@code sm_86} for machine code, {@code compute_75} for PTX
   * @param options further options
   * @return an image for {@link Module}
   * @throws DeviceException if it does not compile, with the compiler's log
   */
  public byte[] compile(
      String name,
      String source,
      Map<String, String> headers,
      String architecture,
      List<String> options) {
    try (Arena arena = Arena.ofConfined()) {
      var names = new ArrayList<String>(headers.keySet());
      MemorySegment handle = arena.allocate(ADDRESS);
      check(
          "nvrtcCreateProgram",
          handle,
          arena.allocateFrom(source),
          arena.allocateFrom(name),
          names.size(),
          strings(arena, names.stream().map(headers::get).toList()),
          strings(arena, names));
      MemorySegment program = handle.get(ADDRESS, 0);
      try {
        var all = new ArrayList<>(options);
        all.add("--gpu-architecture=" + architecture);
        int result = call("nvrtcCompileProgram", program, all.size(), strings(arena, all));
        if (result != 0) {
          String log = text(output(arena, program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog"));
          throw new DeviceException(
              "NVRTC %s cannot compile %s for %s (%s): use another version of it.%n%s"
                  .formatted(version, name, architecture, error(result), log));
        }
        return architecture.startsWith("sm_")
            ? output(arena, program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN")
            : output(arena, program, "nvrtcGetPTXSize", "nvrtcGetPTX");
      } finally {
        call("nvrtcDestroyProgram", handle);
      }
    }
  }

  private byte[] output(Arena arena, MemorySegment program, String sizeCall, String contentCall) {
    MemorySegment size = arena.allocate(JAVA_LONG);
    check(sizeCall, program, size);
    MemorySegment content = arena.allocate(size.get(JAVA_LONG, 0));
    check(contentCall, program, content);
    return content.toArray(JAVA_BYTE);
  }

  private void check(String function, Object... arguments) {
    int result = call(function, arguments);
    if (result != 0) {
      throw new DeviceException("NVRTC's " + function + " failed: " + error(result) + ".");
    }
  }

  private String error(int result) {
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                library.findOrThrow("nvrtcGetErrorString"),
                FunctionDescriptor.of(STRING, JAVA_INT));
    try {
      return ((MemorySegment) handle.invokeExact(result)).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("A call to NVRTC is ill-typed.", e);
    }
  }

  /** Calls a function of pointers and ints that returns an int. */
  private int call(String function, Object... arguments) {
    var types = new ValueLayout[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      types[i] = arguments[i] instanceof Integer ? JAVA_INT : ADDRESS;
    }
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(library.findOrThrow(function), FunctionDescriptor.of(JAVA_INT, types));
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("A call to NVRTC is ill-typed.", e);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> strings) {
    MemorySegment pointers = arena.allocate(ADDRESS, strings.size());
    for (int i = 0; i < strings.size(); i++) {
      pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i)));
    }
    return pointers;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
  }
}
