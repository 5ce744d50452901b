package dev.quern.cuda;

import dev.quern.gpu.program.Formulas;
import dev.quern.gpu.program.KernelSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads entry kernels and their arguments out of sources, in CUDA and in OpenCL C. */
final class KernelSources {
  private static final Path CUDA = Path.of("src/main/cuda");
  private static final Path OPENCL =
      Path.of("../kernels-opencl/src/main/resources/dev/quern/opencl");

  /** The families, each a {@code .cu} and a {@code .cl}. */
  static final List<String> FAMILIES = families();

  private static final Pattern CUDA_KERNEL =
      Pattern.compile("QUERN_KERNEL\\((\\w+), (\\w+)\\) \\{");
  private static final Pattern CUDA_STRUCTURE =
      Pattern.compile("typedef struct \\{([^}]*)\\} (\\w+);");
  private static final Pattern OPENCL_KERNEL =
      Pattern.compile("QUERN_KERNEL void (\\w+)\\(([^)]*)\\)");

  /** Name, parameters if it has some, and all lines of the body. */
  private static final Pattern MACRO =
      Pattern.compile("(?m)^#define (\\w+)(?:\\(([^)]*)\\))?((?:.*\\\\\\n)*.*)$");

  private KernelSources() {}

  /**
   * An argument.
   *
   * @param type the element type of a tensor, in OpenCL C's words, or the type of a scalar
   * @param pointer whether it is a tensor
   * @param name its name
   */
  record Argument(String type, boolean pointer, String name) {}

  private static List<String> families() {
    try (Stream<Path> files = Files.list(CUDA)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".cu"))
          .map(name -> name.substring(0, name.length() - ".cu".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("The sources in " + CUDA + " cannot be listed.", e);
    }
  }

  /** Returns the text of a CUDA source. */
  static String cudaSource(String file) {
    return read(CUDA.resolve(file));
  }

  /** Returns the fields of a structure of the losses' formulas. */
  static List<Argument> record(String name) {
    String source = Formulas.source("loss_table.inc").replaceAll("//.*", "");
    Matcher structure = CUDA_STRUCTURE.matcher(source);
    while (structure.find()) {
      if (structure.group(2).equals(name)) {
        return arguments(structure.group(1).split(";", -1));
      }
    }
    throw new AssertionError("The formulas have no " + name + ".");
  }

  /** Returns the arguments of the entries in a {@code .cu}, the name of each structure checked. */
  static Map<String, List<Argument>> cuda(String family) {
    String source = cudaSource(family + ".cu");
    var structures = new LinkedHashMap<String, List<Argument>>();
    Matcher structure = CUDA_STRUCTURE.matcher(source);
    while (structure.find()) {
      structures.put(structure.group(2), arguments(structure.group(1).split(";", -1)));
    }
    var kernels = new LinkedHashMap<String, List<Argument>>();
    Matcher kernel = CUDA_KERNEL.matcher(source);
    while (kernel.find()) {
      String expected = camelCase(kernel.group(1)) + "Args";
      if (!kernel.group(2).equals(expected)) {
        throw new AssertionError(kernel.group(2) + " should be called " + expected + ".");
      }
      kernels.put(kernel.group(1), structures.get(expected));
    }
    return kernels;
  }

  /**
   * Returns the arguments of the entries in a {@code .cl}; the offset behind each tensor argument
   * belongs to it and is left out.
   */
  static Map<String, List<Argument>> openCl(String family) {
    var kernels = new LinkedHashMap<String, List<Argument>>();
    KernelSource source = KernelSource.read(family + ".cl", name -> open(OPENCL.resolve(name)));
    Matcher kernel = OPENCL_KERNEL.matcher(expanded(source));
    while (kernel.find()) {
      List<Argument> all = arguments(kernel.group(2).split(",", -1));
      var own = new ArrayList<Argument>();
      for (int i = 0; i < all.size(); i++) {
        own.add(all.get(i));
        if (all.get(i).pointer()) {
          String offset = all.get(++i).name();
          if (!offset.equals(all.get(i - 1).name() + "_offset")) {
            throw new AssertionError(offset + " stands behind " + all.get(i - 1).name() + ".");
          }
        }
      }
      kernels.put(kernel.group(1), own);
    }
    return kernels;
  }

  /** Returns a source with its macros replaced that stand for entries or for their arguments. */
  private static String expanded(KernelSource source) {
    String all = String.join("\n", source.headers().values()) + "\n" + source.text();
    String text = MACRO.matcher(source.text()).replaceAll("");
    Matcher macro = MACRO.matcher(all);
    while (macro.find()) {
      String name = macro.group(1);
      String body = macro.group(3).replace("\\\n", " ");
      if (body.contains("QUERN_KERNEL void ")) {
        String[] parameters = macro.group(2).split(", *", -1);
        Pattern use = Pattern.compile("(?m)^" + name + "\\((.*)\\)$");
        text =
            use.matcher(text)
                .replaceAll(found ->
                    Matcher.quoteReplacement(
                        substituted(body, parameters, found.group(1).split(", *", -1))));
      } else if (macro.group(2) == null && body.contains("const ")) {
        text = text.replaceAll("(?m)^( *)" + name + "\\b", Matcher.quoteReplacement(body));
      }
    }
    return text;
  }

  private static String substituted(String body, String[] parameters, String[] values) {
    String text = body;
    for (int i = 0; i < parameters.length; i++) {
      text = text.replaceAll("\\b" + parameters[i] + "\\b", Matcher.quoteReplacement(values[i]));
    }
    return text;
  }

  private static List<Argument> arguments(String[] declarations) {
    var arguments = new ArrayList<Argument>();
    for (String declaration : declarations) {
      String text = declaration.strip();
      if (!text.isEmpty()) {
        String name = text.substring(text.replaceAll("\\w+$", "").length());
        String type =
            text.substring(0, text.length() - name.length())
                .replaceAll("\\b(const|__global)\\b|\\*", "")
                .strip()
                .replace("unsigned char", "uchar")
                .replace("unsigned short", "ushort")
                .replace("unsigned int", "uint")
                .replace("long long", "long")
                .replace("unsigned long", "ulong");
        arguments.add(new Argument(type, text.contains("*"), name));
      }
    }
    return arguments;
  }

  private static String camelCase(String name) {
    var words = new StringBuilder();
    for (String word : name.split("_", -1)) {
      words.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return words.toString();
  }

  private static InputStream open(Path path) {
    try {
      return Files.newInputStream(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + path + " failed.", e);
    }
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + path + " failed.", e);
    }
  }
}
