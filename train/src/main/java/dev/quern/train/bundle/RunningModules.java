package dev.quern.train.bundle;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;

/** The modules of this very process that are not the JDK's: what a bundle must hold. */
final class RunningModules {

  private static final String PLATFORM_SCHEME = "jrt";

  private RunningModules() {}

  private static List<ModuleReference> references() {
    return ModuleLayer.boot().configuration().modules().stream()
        .map(ResolvedModule::reference)
        .filter(reference -> !isPlatform(reference))
        .toList();
  }

  private static boolean isPlatform(ModuleReference reference) {
    return reference.location().map(URI::getScheme).filter(PLATFORM_SCHEME::equals).isPresent();
  }

  /** The JDK modules that they require. */
  static Set<String> platformModules() {
    Set<String> names = new TreeSet<>();
    // JOCL, JCuda and JLine log through it; as automatic modules they cannot say so.
    names.add("java.logging");
    ModuleFinder platform = ModuleFinder.ofSystem();
    for (ModuleReference reference : references()) {
      ModuleDescriptor descriptor = reference.descriptor();
      for (Requires requires : descriptor.requires()) {
        if (!requires.modifiers().contains(Requires.Modifier.STATIC)
            && platform.find(requires.name()).isPresent()) {
          names.add(requires.name());
        }
      }
    }
    return names;
  }

  /** Copies the jars to {@code folder}; a module that runs from a folder of classes becomes one. */
  static void copyTo(Path folder, ToolProvider jar) throws IOException {
    Files.createDirectories(folder);
    for (ModuleReference reference : references()) {
      Path location = Path.of(reference.location().orElseThrow());
      if (Files.isDirectory(location)) {
        Path target = folder.resolve(reference.descriptor().name() + ".jar");
        Tools.run(jar, "--create", "--file", target.toString(), "-C", location.toString(), ".");
      } else {
        // The name is kept: an automatic module is called after its file.
        Files.copy(location, folder.resolve(location.getFileName()));
      }
    }
  }
}
