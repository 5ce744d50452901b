package com.example.app;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * Starts {@link App} as an application server would: Quern's API in one class loader, and a backend
 * with the program in a child of it, which is the thread's context class loader.
 */
public final class TwoLoaders {
  private TwoLoaders() {}

  /**
   * Starts it.
   *
   * @param places the API, the backend and this program
   * @throws Exception if that fails
   */
  public static void main(String[] places) throws Exception {
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader parent = new URLClassLoader(new URL[] {url(places[0])}, platform);
        URLClassLoader child =
            new URLClassLoader(new URL[] {url(places[1]), url(places[2])}, parent)) {
      Thread.currentThread().setContextClassLoader(child);
      Class<?> app = child.loadClass("com.example.app.App");
      app.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    }
  }

  private static URL url(String place) throws Exception {
    return Path.of(place).toUri().toURL();
  }
}
