package org.zeroseg.core.file;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Where programs of this user keep what they can make again. */
public final class UserCache {

  private UserCache() {}

  /**
   * This library's folder, which need not exist.
   *
   * @return {@code zeroseg} below {@code XDG_CACHE_HOME}, else below the system's usual place
   */
  public static Path folder() {
    return folder(
        System.getProperty("os.name"), System.getenv(), System.getProperty("user.home", ""));
  }

  static Path folder(String system, Map<String, String> environment, String home) {
    String named = environment.getOrDefault("XDG_CACHE_HOME", "");
    String local = environment.getOrDefault("LOCALAPPDATA", "");
    Path caches;
    if (!named.isEmpty()) {
      caches = Path.of(named);
    } else if (system.startsWith("Windows") && !local.isEmpty()) {
      caches = Path.of(local);
    } else if (system.toLowerCase(Locale.ROOT).startsWith("mac")) {
      caches = Path.of(home, "Library", "Caches");
    } else {
      caches = Path.of(home, ".cache");
    }
    return caches.resolve("zeroseg");
  }
}
