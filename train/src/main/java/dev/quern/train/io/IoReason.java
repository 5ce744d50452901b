package dev.quern.train.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Turns an I/O failure into the few words that fit into a sentence. */
public final class IoReason {

  private IoReason() {}

  /**
   * Says why an operation failed.
   *
   * @param failure what the system threw
   * @return a phrase without a full stop, such as "no such file or folder"
   */
  public static String of(IOException failure) {
    return switch (failure) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException e -> e.getFile() + " is in the way";
      case NotDirectoryException _ -> "not a folder";
      case FileSystemLoopException e ->
          "the link " + e.getFile() + " leads back to a folder above it";
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> {
        String message = failure.getMessage();
        yield message == null ? failure.getClass().getSimpleName() : message;
      }
    };
  }
}
