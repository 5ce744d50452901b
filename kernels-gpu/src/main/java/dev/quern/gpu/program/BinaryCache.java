package dev.quern.gpu.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compiled programs in a folder that only this user can read and write. A file is named by the hash
 * of all that its content depends on, and holds the hash of its content before the content; one
 * that does not fit is compiled anew. Files appear by renaming, so processes may share the folder.
 * Whatever goes wrong here costs time only: it is logged at DEBUG.
 */
public final class BinaryCache {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final int HASH_BYTES = 32;
  private static final System.Logger LOG = System.getLogger(BinaryCache.class.getName());

  private final Path folder;

  /**
   * Uses a folder.
   *
   * @param folder made when the first program is stored
   */
  public BinaryCache(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns the user's cache of a backend: {@code $XDG_CACHE_HOME/quern/BACKEND}, by default in
   * {@code ~/.cache}.
   *
   * @param backend the backend's name
   * @return the cache
   */
  public static BinaryCache ofUser(String backend) {
    String cacheHome = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        cacheHome.startsWith("/")
            ? Path.of(cacheHome)
            : Path.of(System.getProperty("user.home"), ".cache");
    return new BinaryCache(base.resolve("quern").resolve(backend));
  }

  /**
   * Names a program.
   *
   * @param dependencies everything its compiled form depends on, such as compiler, options, source
   * @return a name that others share with no probability to speak of
   */
  public static String key(Iterable<String> dependencies) {
    String all = String.join("\0", dependencies);
    return HexFormat.of().formatHex(hash(all.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Looks a program up.
   *
   * @param key its name
   * @return the stored program, or null if there is none that is whole
   */
  public byte @Nullable [] load(String key) {
    Path file = folder.resolve(key);
    try {
      if (!isPrivate()) {
        return null;
      }
      byte[] content = Files.readAllBytes(file);
      if (content.length > HASH_BYTES) {
        byte[] binary = Arrays.copyOfRange(content, HASH_BYTES, content.length);
        if (Arrays.equals(hash(binary), 0, HASH_BYTES, content, 0, HASH_BYTES)) {
          return binary;
        }
      }
      LOG.log(System.Logger.Level.DEBUG, "The compiled program {0} is corrupt.", file);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(System.Logger.Level.DEBUG, "The compiled program " + file + " is not readable.", e);
    }
    return null;
  }

  /**
   * Stores a program, if the folder can be written and is closed to others.
   *
   * @param key its name
   * @param binary its compiled form
   */
  public void store(String key, byte[] binary) {
    try {
      Files.createDirectories(folder.getParent());
      if (!Files.exists(folder)) {
        Files.createDirectory(folder, OWNER_ONLY);
      }
      if (!isPrivate()) {
        LOG.log(System.Logger.Level.DEBUG, "{0} is open to others and is not used.", folder);
        return;
      }
      Path draft = Files.createTempFile(folder, key, ".draft");
      try {
        byte[] content = Arrays.copyOf(hash(binary), HASH_BYTES + binary.length);
        System.arraycopy(binary, 0, content, HASH_BYTES, binary.length);
        Files.write(draft, content);
        Files.move(
            draft,
            folder.resolve(key),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(draft);
      }
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(System.Logger.Level.DEBUG, "A compiled program cannot be stored in " + folder, e);
    }
  }

  private boolean isPrivate() throws IOException {
    return Files.exists(folder)
        && Files.getPosixFilePermissions(folder).stream()
            .allMatch(permission -> permission.name().startsWith("OWNER"));
  }

  private static byte[] hash(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }
}
