package dev.quern.gpu.host;

import org.jspecify.annotations.Nullable;

/** Why a native library does not load, in a sentence with the remedy. */
public final class LoadFailure {
  private LoadFailure() {}

  /**
   * Explains a failure.
   *
   * @param failure what loading threw
   * @param library whose library it is, for example {@code JOCL}
   * @param modules the modules that need native access, with commas between
   * @param otherwise the sentence for other reasons
   * @return the sentence
   */
  public static String explain(
      Throwable failure, String library, String modules, String otherwise) {
    if (says(failure, "Illegal native access")) {
      return "Native access is denied to "
          + library
          + ": start Java with --enable-native-access="
          + modules
          + ", or =ALL-UNNAMED if it is on the class path.";
    }
    if (says(failure, "failed to map segment")) {
      return library
          + "'s library is unpacked to a temporary folder in which no code may run (mounted"
          + " noexec): name another by -Djava.io.tmpdir, or put the library on java.library.path.";
    }
    return otherwise;
  }

  /**
   * Looks through the messages of a failure and its causes.
   *
   * @param failure what loading threw
   * @param words what is looked for
   * @return whether one of the messages has the words
   */
  public static boolean says(Throwable failure, String words) {
    for (@Nullable Throwable e = failure; e != null; e = e.getCause()) {
      if (String.valueOf(e.getMessage()).contains(words)) {
        return true;
      }
    }
    return false;
  }
}
