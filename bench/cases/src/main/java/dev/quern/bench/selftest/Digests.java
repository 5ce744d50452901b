package dev.quern.bench.selftest;

import dev.quern.bench.kernels.Workbench.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A digest of all result bits of every case (every NaN counting as the same), one line each, so
 * that runs of different processes (vector widths, instruction sets, numbers of threads) can be
 * compared bit for bit.
 */
public final class Digests {

  private final Map<String, String> digests = new TreeMap<>();

  /** Makes an empty collection. */
  public Digests() {}

  /**
   * Adds the results of a case.
   *
   * @param name unique name of the case
   * @param results what it computed
   */
  void add(String name, List<Result> results) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
    for (Result result : results) {
      digest.update(result.values().bits());
    }
    digests.put(name, HexFormat.of().formatHex(digest.digest(), 0, 8));
  }

  /** Writes the digests to the file that {@code quern.bench.digests} names, if it names one. */
  void writeIfAsked() {
    String file = System.getProperty("quern.bench.digests", "");
    if (file.isEmpty()) {
      return;
    }
    try {
      write(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException("The digests cannot be written to " + file + ".", e);
    }
  }

  /**
   * Writes the digests, sorted by case.
   *
   * @param file where to; its folder is made if it is missing
   * @throws IOException if it cannot be written
   */
  private void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    var lines = new ArrayList<String>();
    digests.forEach((name, digest) -> lines.add(digest + " " + name));
    Files.write(file, lines);
  }

  /**
   * Compares two files of digests.
   *
   * @param one written by one process
   * @param other written by another
   * @return the cases whose bits differ or that only one file has, sorted; empty if all agree
   * @throws IOException if a file cannot be read
   */
  public static List<String> differences(Path one, Path other) throws IOException {
    Map<String, String> a = read(one);
    Map<String, String> b = read(other);
    var names = new TreeSet<>(a.keySet());
    names.addAll(b.keySet());
    return names.stream()
        .filter(name -> !a.getOrDefault(name, "").equals(b.getOrDefault(name, "")))
        .toList();
  }

  private static Map<String, String> read(Path file) throws IOException {
    var digests = new TreeMap<String, String>();
    for (String line : Files.readAllLines(file)) {
      int space = line.indexOf(' ');
      digests.put(line.substring(space + 1), line.substring(0, space));
    }
    return digests;
  }
}
