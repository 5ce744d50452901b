package dev.quern.train.bundle;

import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Writes {@code quern-VERSION-linux-x86_64.tar.xz}: a Java runtime cut down by jlink, Quern's and
 * the third-party jars, the native libraries of JOCL and JCuda, {@code bin/quern} and the scripts
 * that check and time it on a GPU. Unpacked on a machine without any Java it runs as it stands.
 *
 * <p>What goes in is what this process runs: the modules on its module path and the libraries on
 * its library path. Nothing is left behind when a step fails.
 */
@Command(
    name = "bundle",
    description = "Write an archive that runs on a Linux x86_64 machine without any Java.",
    mixinStandardHelpOptions = true)
public final class BundleCommand implements Callable<Integer> {

  private static final List<String> LIBRARIES = List.of("libJOCL*.so", "libJCudaDriver*.so");
  private static final List<String> LAUNCHER = List.of("quern", "launch.sh");
  private static final List<String> PAPERS = List.of("LICENSE", "THIRD-PARTY.md", "README.md");
  private static final List<String> GPU_CHECK =
      List.of(
          "bench/gpu/run",
          "bench/pytorch/bench_pytorch.py",
          "bench/pytorch/cases.py",
          "bench/pytorch/inputs.py",
          "bench/pytorch/cases.json");

  @Spec private CommandSpec spec;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "dist",
      description = "Folder for the archive (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(names = "--dir", description = "Leave the unpacked folder beside the archive too.")
  private boolean dir;

  /** For picocli, which fills in the options. */
  @SuppressWarnings("NullAway.Init")
  public BundleCommand() {}

  @Override
  public Integer call() {
    Path checkout = checkout();
    requireLinux();
    ToolProvider jlink = Tools.ofJdk("jlink");
    ToolProvider jar = Tools.ofJdk("jar");
    Tools.requireCommand("tar", "install it with apt-get install tar");
    Tools.requireCommand("xz", "install it with apt-get install xz-utils");

    try {
      write(checkout, jlink, jar);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot write the bundle into %s, where nothing was left: %s."
              .formatted(output, IoReason.of(e)),
          e);
    }
    return 0;
  }

  private void write(Path checkout, ToolProvider jlink, ToolProvider jar) throws IOException {
    String name = "quern-" + version() + "-linux-x86_64";
    Files.createDirectories(output);
    Path work = Files.createTempDirectory(output.toAbsolutePath(), ".bundle-");
    try {
      Path folder = Files.createDirectory(work.resolve(name));
      say("Linking the Java runtime ...");
      link(jlink, folder.resolve("runtime"));
      copyLibraries(folder.resolve("runtime/lib"));
      RunningModules.copyTo(folder.resolve("jars"), jar);
      copy(LAUNCHER, checkout.resolve("train/src/main/launcher"), folder.resolve("bin"));
      copy(PAPERS, checkout, folder);
      copy(GPU_CHECK, checkout, folder);

      say("Packing (about half a minute) ...");
      Path archive = output.resolve(name + ".tar.xz");
      Path packed = work.resolve(name + ".tar.xz");
      pack(work, name, packed);
      Files.move(
          packed, archive, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      say(String.format(Locale.ROOT, "Wrote %s, %.1f MB.", archive, Files.size(archive) / 1e6));
      if (dir) {
        Path left = output.resolve(name);
        delete(left);
        Files.move(folder, left);
        say("Left %s: run %s".formatted(left, left.resolve("bin/quern")));
      }
    } finally {
      delete(work);
    }
  }

  private static Path checkout() {
    String home = System.getProperty("quern.home");
    if (home == null) {
      throw new BadInputException(
          "quern bundle works only in a checkout of Quern, and this quern runs from elsewhere (a bundle?): run ./quern bundle there.");
    }
    return Path.of(home);
  }

  private static void requireLinux() {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux") || !arch.equals("amd64")) {
      throw new BadInputException(
          "quern bundle puts this machine's Java into a Linux x86_64 archive, and this machine is %s %s: run it on Linux x86_64."
              .formatted(os, arch));
    }
  }

  private static String version() {
    return BundleCommand.class.getModule().getDescriptor().rawVersion().orElse("unversioned");
  }

  /** Uncompressed, because xz then packs the whole better than what jlink has zipped. */
  private static void link(ToolProvider jlink, Path image) throws IOException {
    Tools.run(
        jlink,
        "--add-modules",
        String.join(",", RunningModules.platformModules()),
        "--output",
        image.toString(),
        "--compress",
        "zip-0",
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages");
  }

  /** Into the runtime's own library folder, which the JVM searches first and without a flag. */
  private static void copyLibraries(Path folder) throws IOException {
    String searched = System.getProperty("java.library.path", "");
    for (String pattern : LIBRARIES) {
      boolean found = false;
      for (String entry : searched.split(":", -1)) {
        Path from = Path.of(entry);
        if (entry.isEmpty() || !Files.isDirectory(from)) {
          continue;
        }
        try (DirectoryStream<Path> libraries = Files.newDirectoryStream(from, pattern)) {
          for (Path library : libraries) {
            Files.copy(library, folder.resolve(library.getFileName()));
            found = true;
          }
        }
      }
      if (!found) {
        throw new BadInputException(
            "No %s on the library path (%s): run ./quern bundle in a checkout, which unpacks it."
                .formatted(pattern, searched));
      }
    }
  }

  private static void copy(List<String> files, Path from, Path to) throws IOException {
    for (String file : files) {
      Path target = to.resolve(file);
      Files.createDirectories(target.resolveSibling(""));
      Files.copy(from.resolve(file), target, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static void pack(Path parent, String name, Path archive) throws IOException {
    Tools.run(
        parent,
        Map.of("XZ_OPT", "-6 -T0"),
        List.of(
            "tar",
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "-cJf",
            archive.toString(),
            name));
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private void say(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }
}
