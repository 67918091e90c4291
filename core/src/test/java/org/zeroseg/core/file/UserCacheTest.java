package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UserCacheTest {

  @Test
  void lieWhereASystemKeepsWhatCanBeMadeAgain() {
    Path home = Path.of("home");
    assertEquals(
        home.resolve(".cache").resolve("zeroseg"), UserCache.folder("Linux", Map.of(), "home"));
    assertEquals(
        Path.of("caches", "zeroseg"),
        UserCache.folder("Linux", Map.of("XDG_CACHE_HOME", "caches"), "home"));
    assertEquals(
        home.resolve("Library").resolve("Caches").resolve("zeroseg"),
        UserCache.folder("Mac OS X", Map.of(), "home"));
    assertEquals(
        Path.of("local", "zeroseg"),
        UserCache.folder("Windows 11", Map.of("LOCALAPPDATA", "local"), "home"));
  }
}
