package dev.quern.simd.work;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The functions of the C library that are called where the user has enabled native access. */
final class LinuxCalls {
  private LinuxCalls() {}

  /** Tells whether they may be called: on Linux, without a warning on the user's console. */
  static boolean areAllowed() {
    return System.getProperty("os.name", "").equals("Linux")
        && LinuxCalls.class.getModule().isNativeAccessEnabled();
  }

  /** Returns {@code mmap}. */
  static MethodHandle mmap() {
    return function(
        "mmap",
        FunctionDescriptor.of(
            ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  /** Returns {@code munmap}. */
  static MethodHandle munmap() {
    return function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  }

  /** Returns {@code madvise}. */
  static MethodHandle madvise() {
    return function("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  }

  /** Returns {@code sched_getaffinity}. */
  static MethodHandle getAffinity() {
    return function(
        "sched_getaffinity", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  }

  /** Returns {@code sched_setaffinity}. */
  static MethodHandle setAffinity() {
    return function(
        "sched_setaffinity", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }
}
