package dev.quern.gpu.host;

import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened one after another, each standing on those before it. */
public final class OwnedResources implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  /** Owns nothing yet. */
  public OwnedResources() {}

  /**
   * Takes a resource over.
   *
   * @param resource closed before all that was taken over before it
   * @param <T> its type
   * @return the resource
   */
  public <T extends AutoCloseable> T own(T resource) {
    resources.push(resource);
    return resource;
  }

  /** Closes all, the youngest first; goes on where one fails. Idempotent. */
  @Override
  public void close() {
    while (!resources.isEmpty()) {
      AutoCloseable resource = resources.pop();
      try {
        resource.close();
      } catch (Exception e) {
        System.getLogger(OwnedResources.class.getName())
            .log(System.Logger.Level.DEBUG, "Closing " + resource + " failed.", e);
      }
    }
  }
}
