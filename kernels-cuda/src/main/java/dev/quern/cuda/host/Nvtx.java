package dev.quern.cuda.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's tools extension, where the machine has its library and it was asked for: a profiler
 * shows a range for each kernel around its enqueuing.
 */
@SuppressWarnings("restricted")
final class Nvtx {
  /** What has the functions compiled: up to CUDA 12 the toolkit, and Nsight Systems. */
  private static final List<String> NAMES = List.of("libnvToolsExt.so.1", "libnvtx3interop.so");

  private final MethodHandle push;
  private final MethodHandle pop;
  private final Map<String, MemorySegment> names = new ConcurrentHashMap<>();

  private Nvtx(SymbolLookup library) {
    Linker linker = Linker.nativeLinker();
    this.push =
        linker.downcallHandle(
            library.findOrThrow("nvtxRangePushA"), FunctionDescriptor.of(JAVA_INT, ADDRESS));
    this.pop =
        linker.downcallHandle(library.findOrThrow("nvtxRangePop"), FunctionDescriptor.of(JAVA_INT));
  }

  /**
   * Returns the library that {@code -Dquern.nvtx} asks for: {@code true} means the usual names,
   * anything else is a file; null if it is not set, or {@code false}, or there is none, which is
   * warned of.
   */
  static @Nullable Nvtx asked() {
    String asked = System.getProperty("quern.nvtx", "false");
    if (asked.equals("false")) {
      return null;
    }
    if (!Nvtx.class.getModule().isNativeAccessEnabled()) {
      return none("add --enable-native-access=dev.quern.cuda to Java's options.");
    }
    for (String name : asked.equals("true") ? NAMES : List.of(asked)) {
      try {
        return new Nvtx(SymbolLookup.libraryLookup(name, Arena.global()));
      } catch (IllegalArgumentException | NoSuchElementException e) {
        System.getLogger(Nvtx.class.getName())
            .log(System.Logger.Level.DEBUG, "No NVTX in " + name + ".", e);
      }
    }
    return none(
        asked.equals("true")
            ? "name its library by -Dquern.nvtx=FILE, or set LD_LIBRARY_PATH."
            : "-Dquern.nvtx names " + asked + ", which is no such library.");
  }

  private static @Nullable Nvtx none(String remedy) {
    System.getLogger(Nvtx.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "NVTX, asked for by -Dquern.nvtx, is not there: {0}",
            remedy);
    return null;
  }

  /** Opens a range of this thread; there are few different names. */
  void push(String name) {
    MemorySegment text = names.computeIfAbsent(name, Arena.global()::allocateFrom);
    try {
      int _ = (int) push.invokeExact(text);
    } catch (Throwable e) {
      throw new IllegalStateException("nvtxRangePushA cannot be called", e);
    }
  }

  /** Closes the range opened last. */
  void pop() {
    try {
      int _ = (int) pop.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("nvtxRangePop cannot be called", e);
    }
  }
}
